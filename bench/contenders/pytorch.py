"""PyTorch with one thread, as the benchmark's contender: answers the requests of RemoteContender (contender.ts), one
JSON text a line. Inputs, tasks and digests are those of tasks.ts. `pytorch.py <curves>`; `pytorch.py --first` computes
one small gradient and prints how long that took.
"""

import json
import sys
import time

start = time.perf_counter()
import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(1)
FEATURES = 50
TRIAL_TAIL = 20
SAMPLE = 0.002


def first_result():
    imported = time.perf_counter()
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    torch.tanh(x @ x).sum().backward()
    value = x.grad[0, 0].item()
    done = time.perf_counter()
    print(json.dumps({"importMilliseconds": 1000 * (imported - start), "firstMilliseconds": 1000 * (done - start), "value": value}))


def filled(rows, columns, seed):
    i = torch.arange(rows * columns, dtype=torch.int64)
    return (((i * 37 + seed * 17) % 101).double() / 50 - 1).float().reshape(rows, columns)


def digest(values):
    values = values.detach().double().flatten()
    weights = ((torch.arange(len(values)) * 7) % 13 - 6).double()
    return {
        "count": len(values),
        "weighted": (values * weights).sum().item(),
        "magnitude": 6 * values.abs().sum().item(),
        "mean": values.mean().item(),
        "deviation": values.std(unbiased=False).item(),
    }


def operation(task):
    """The task as a function that returns a tensor."""
    kind = task["kind"]
    if kind == "matmul":
        m, n, k, form = task["m"], task["n"], task["k"], task["form"]
        a = filled(k, m, 1).t() if form == "AtB" else filled(m, k, 1)
        b = filled(n, k, 2).t() if form == "ABt" else filled(k, n, 2)
        return lambda: a @ b
    if kind == "scalar-graph":
        p = torch.tensor(0.5, requires_grad=True)

        def chain():
            p.grad = None
            x = p
            for _ in range(0, task["operations"], 3):
                x = torch.tanh(x * p + p)
            x.backward()
            return p.grad

        return chain
    rows, columns = task["rows"], task["columns"]
    if kind == "normal":
        return lambda: torch.randn(rows, columns)
    a, b = filled(rows, columns, 1), filled(rows, columns, 2)
    leaf = a.clone().requires_grad_()

    def silu_gradient():
        leaf.grad = None
        nn.functional.silu(leaf).sum().backward()
        return leaf.grad

    return {
        "add": lambda: a + b,
        "mul": lambda: a * b,
        "exp": lambda: torch.exp(a),
        "silu": lambda: nn.functional.silu(a),
        "silu-gradient": silu_gradient,
        "sum": lambda: a.sum(),
        "sum of rows": lambda: a.sum(1),
        "sum of columns": lambda: a.sum(0),
        "max": lambda: a.max(),
    }[task["name"]]


class DenoisingAutoencoder(nn.Module):
    def __init__(self, widths):
        super().__init__()
        pairs = list(zip(widths, widths[1:]))
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)
        self.decoder = nn.ModuleList(nn.Linear(b, a) for a, b in reversed(pairs))

    def forward(self, x):
        silu = nn.functional.silu
        wide = silu(self.encoder[0](x))
        narrow = silu(self.encoder[1](wide))
        code = silu(self.encoder[2](narrow))
        x = silu(self.decoder[0](code))
        x = silu(self.decoder[1](x + narrow))
        return self.decoder[2](x + wide)


class Trainer:
    def __init__(self, curves, batch, widths):
        repeats = -(-batch // len(curves))
        self.clean = curves.repeat(repeats, 1)[:batch].contiguous()
        self.model = DenoisingAutoencoder(widths)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.loss_of = nn.MSELoss()

    def step(self):
        self.optimizer.zero_grad()
        amount = torch.rand(len(self.clean), 1)
        noisy = (1 - amount) * self.clean + amount * torch.randn_like(self.clean)
        loss = self.loss_of(self.model(noisy), self.clean)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def sample(self, count, steps):
        with torch.no_grad():
            x = torch.randn(count, FEATURES)
            for i in range(steps):
                m = 1 / (steps - i)
                x = (1 - m) * x + m * self.model(x)
        return x


def prepare(task, curves):
    """The function to time, and the digest of its result."""
    if task["kind"] == "training-step":
        trainer = Trainer(curves, task["batch"], task["widths"])
        losses = [trainer.step() for _ in range(task["trial"])]
        return trainer.step, digest(torch.tensor(losses[-TRIAL_TAIL:]))
    if task["kind"] == "sampling":
        trainer = Trainer(curves, 1, task["widths"])

        def run():
            return trainer.sample(task["curves"], task["steps"])

        return run, digest(run())
    run = operation(task)
    end = time.perf_counter() + 0.04
    result = digest(run())
    while time.perf_counter() < end:
        run()
    return run, result


def sample(run, seconds, count):
    """Seconds of single runs, as contender.ts takes them: samples of `count` runs, at least SAMPLE long."""
    times = []
    end = time.perf_counter() + seconds
    while True:
        begin = time.perf_counter()
        for _ in range(count):
            run()
        elapsed = time.perf_counter() - begin
        if elapsed < SAMPLE:
            count = max(count + 1, min(count * 10, round(1.1 * count * SAMPLE / max(elapsed, 1e-9))))
            continue
        times.append(elapsed / count)
        if time.perf_counter() >= end:
            return times, count


def serve(path):
    values = torch.frombuffer(bytearray(open(path, "rb").read()), dtype=torch.float32)
    curves = values.reshape(-1, FEATURES)[:800]
    say({"name": "PyTorch", "version": f"{torch.__version__}, Python {sys.version.split()[0]}, 1 thread"})
    run, count = None, 1
    for line in sys.stdin:
        request = json.loads(line)
        try:
            result = None
            if request["command"] == "prepare":
                run, result = prepare(request["task"], curves)
                count = 1
            elif request["command"] == "sample":
                result, count = sample(run, request["seconds"], count)
            else:
                run = None
            say({"result": result})
        except Exception as error:  # the benchmark names it and goes on
            say({"error": str(error)})


def say(value):
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    first_result() if sys.argv[1] == "--first" else serve(sys.argv[1])
