"""Loads the reference network of model.safetensors into PyTorch, and denoises curves [km/s]. Needs torch alone."""
import json
import sys

import torch
from torch.nn.functional import silu


class DenoisingAutoencoder(torch.nn.Module):
    def __init__(self, widths):
        super().__init__()
        pairs = list(zip(widths, widths[1:]))
        self.encoder = torch.nn.ModuleList(torch.nn.Linear(wide, narrow) for wide, narrow in pairs)
        self.decoder = torch.nn.ModuleList(torch.nn.Linear(narrow, wide) for wide, narrow in reversed(pairs))

    def forward(self, x):
        kept = []
        for layer in self.encoder:
            kept.append(x := silu(layer(x)))
        kept.pop()
        for i, layer in enumerate(self.decoder):
            x = layer(x + kept.pop() if i > 0 else x)
            x = silu(x) if i + 1 < len(self.decoder) else x
        return x


with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    data = bytearray(file.read())
about = {key: json.loads(text) for key, text in header.pop("__metadata__").items()}
model = DenoisingAutoencoder(about["widths"])
model.load_state_dict({
    name: torch.frombuffer(data[slice(*entry["data_offsets"])], dtype=torch.float32).reshape(entry["shape"])
    for name, entry in header.items()
})
curves = torch.tensor([[float(v) for v in row.split(",")] for row in sys.stdin.read().split()[1:]])
mean, deviation = about["mean"], about["standard_deviation"]
with torch.no_grad():
    print((model((curves - mean) / deviation) * deviation + mean).tolist())
