"""The main job in PyTorch, one thread: the twin of main-job.ts. Figures are left out, as there.

Reads curves.csv as `halograd run` writes it (the same 1000 curves), trains the same network for the same number of
epochs with the same losses each epoch, samples 5 curves in 31 steps, and prints one line of JSON. The time of the
whole process, start included, is taken by the caller.
"""

import json
import sys
import time

import torch
from torch import nn

path, epochs = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)
torch.manual_seed(0)


class DenoisingAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [50, 32, 16, 4]
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.decoder = nn.ModuleList(nn.Linear(b, a) for a, b in reversed(list(zip(widths, widths[1:]))))

    def forward(self, x):
        silu = nn.functional.silu
        wide = silu(self.encoder[0](x))
        narrow = silu(self.encoder[1](wide))
        code = silu(self.encoder[2](narrow))
        x = silu(self.decoder[0](code))
        x = silu(self.decoder[1](x + narrow))
        return self.decoder[2](x + wide)


with open(path) as file:
    next(file)
    curves = torch.tensor([[float(value) for value in line.split(",")] for line in file])
curves = curves[torch.randperm(len(curves))]
valid_count = round(0.2 * len(curves))
mean, std = curves[valid_count:].mean(), curves[valid_count:].std()
curves = (curves - mean) / std
valid, train = curves[:valid_count], curves[valid_count:]

model = DenoisingAutoencoder()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_of = nn.MSELoss()
ready = time.perf_counter()
losses = []
for epoch in range(epochs):
    optimizer.zero_grad()
    amount = torch.rand(len(train), 1)
    noisy = (1 - amount) * train + amount * torch.randn_like(train)
    loss = loss_of(model(noisy), train)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        losses.append((loss.item(), loss_of(model(valid), valid).item()))
trained = time.perf_counter()
with torch.no_grad():
    x = torch.randn(5, 50)
    for i in range(31):
        m = 1 / (31 - i)
        x = (1 - m) * x + m * model(x)
done = time.perf_counter()
print(
    json.dumps(
        {
            "name": f"PyTorch {torch.__version__}",
            "stepMilliseconds": 1000 * (trained - ready) / epochs,
            "sampleMilliseconds": 1000 * (done - trained),
            "train": losses[-1][0],
            "valid": losses[-1][1],
        }
    )
)
