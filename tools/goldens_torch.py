"""
Makes test/golden/learner.json: values, gradients and second-order gradients of operations, and layers, from PyTorch in float64, and
a few values of SciPy beside. Debian: python3-torch, python3-scipy.

    python3 tools/goldens_torch.py > test/golden/learner.json

A case has the name of the operation, what it was called with, operands [shape, elements], the result, and the gradients of
Σ w · result by each operand, with weights w = 1, 1/2, 1/3, …; `second` has those of Σ gradient². Operands are exact in float32;
results have 9 digits.
"""

import json

import scipy.linalg
import scipy.special
import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def draw(*shape, low=-2.0, high=2.0):
    # Multiples of 1/64, no two of them equal in an operand where there is room.
    size = int(torch.tensor(shape).prod()) if shape else 1
    values = torch.randperm(int((high - low) * 64))[:size].double() / 64 + low + 1 / 128
    return values.reshape(shape)


def spd(*shape):
    a = draw(*shape)
    return (a @ a.transpose(-1, -2) + 2 * torch.eye(shape[-1])).float().double()


def digits(value):
    return float(f"{value:.9g}")


def packed(x):
    return [list(x.shape), [digits(v) for v in (x.detach() + torch.zeros(x.shape)).reshape(-1).tolist()]]


CASES = []


def case(name, f, *operands, settings=None, second=True):
    x = [o.clone().requires_grad_() for o in operands]
    result = f(*x)
    weights = (1 / torch.arange(1, result.numel() + 1)).reshape(result.shape)
    grads = torch.autograd.grad((result * weights).sum(), x, create_graph=True, allow_unused=True)
    found = {"name": name, "settings": [] if settings is None else settings, "operands": [packed(o) for o in operands], "result": packed(result)}
    found["gradients"] = [packed(g if g is not None else torch.zeros_like(o)) for g, o in zip(grads, operands)]
    if second:
        total = sum((g * g).sum() for g in grads if g is not None)
        seconds = torch.autograd.grad(total, x, allow_unused=True) if total.requires_grad else [None] * len(x)
        found["second"] = [packed(g if g is not None else torch.zeros_like(o)) for g, o in zip(seconds, operands)]
    CASES.append(found)


labels = torch.tensor([2, 0, 1, 1])
for reduction in ("mean", "sum", "none"):
    case("crossEntropyLoss", lambda x: F.cross_entropy(x, labels, reduction=reduction), draw(4, 3), settings=[labels.tolist(), reduction])
    case("binaryCrossEntropyWithLogits", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction=reduction), draw(4, 3), draw(4, 3, low=0.0, high=1.0), settings=[reduction])

index = torch.tensor([[0, 2], [1, 1], [3, 0]])
case("gather", lambda x: torch.gather(x, 1, index), draw(3, 4), settings=[1, index.tolist()])
case("scatterAdd", lambda x: torch.zeros(3, 4).scatter_add(1, index, x), draw(3, 2), settings=[1, index.tolist(), 4])
mask = torch.tensor([[1, 0, 0, 1], [0, 1, 1, 0]]).bool()
case("maskedFill", lambda x: x.masked_fill(mask, -1.5), draw(2, 4), settings=[mask.int().tolist(), -1.5])
case("maskedSelect", lambda x: x.masked_select(mask), draw(2, 4), settings=[mask.int().tolist()])
case("pad", lambda x: F.pad(x, (1, 2, 0, 1)), draw(2, 3), settings=[[[0, 1], [1, 2]]])
case("pad", lambda x: F.pad(x, (2, 1), value=0.5), draw(2, 3), settings=[[[2, 1]], 0.5])
case("repeat", lambda x: x.repeat(2, 1, 3), draw(2, 3), settings=[[2, 1, 3]])
case("roll", lambda x: x.roll(2, 1), draw(2, 3), settings=[2, 1])
case("roll", lambda x: x.roll((1, -1), (0, 1)), draw(2, 3), settings=[[1, -1], [0, 1]])
for name, f in (("tril", torch.tril), ("triu", torch.triu)):
    for offset in (0, 1, -1):
        case(name, lambda x: f(x, offset), draw(2, 3, 4), settings=[offset])
for offset in (0, 2, -1):
    case("diagonal", lambda x: torch.diagonal(x, offset, -2, -1), draw(2, 3, 4), settings=[offset])
case("outer", torch.outer, draw(3), draw(4))
case("sort", lambda x: x.sort(1).values, draw(3, 4), settings=[1])
case("sort", lambda x: x.sort(0, descending=True).values, draw(3, 4), settings=[0, {"descending": True}])
case("argsort", lambda x: x.argsort(1).double() + 0 * x, draw(3, 4), settings=[1])
case("topk values", lambda x: x.topk(2, 1).values, draw(3, 4), settings=[2, 1])
case("topk values", lambda x: x.topk(3, 0, largest=False).values, draw(4, 2), settings=[3, 0, {"smallest": True}])
zeros = torch.tensor([[1.5, 0.0, -2.0, 0.5], [0.0, 3.0, 0.0, 1.0], [1.25, -0.5, 2.0, 4.0]])
case("prod", lambda x: x.prod(), draw(2, 3))
case("prod", lambda x: x.prod(1), zeros, settings=[1])
case("prod", lambda x: x.prod(0, keepdim=True), draw(3, 2), settings=[0, {"keepdim": True}])
case("cumprod", lambda x: x.cumprod(1), draw(2, 5), settings=[1])
case("cumprod", lambda x: x.cumprod(1), zeros, settings=[1])
for p in (0.5, 1.0, 1.5, 3.0, -2.0):
    case("vectorNorm", lambda x: torch.linalg.vector_norm(x, p, 1), draw(2, 5), settings=[p, 1])
case("vectorNorm", lambda x: torch.linalg.vector_norm(x, float("inf")), draw(2, 5), settings=["Infinity"])
case("vectorNorm", lambda x: torch.linalg.vector_norm(x, float("-inf"), 1, keepdim=True), draw(2, 5), settings=["-Infinity", 1, {"keepdim": True}])
for equation, *shapes in (
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 2)),
    ("ba", (2, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("iij,j->i", (2, 2, 3), (3,)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    ("i,j->ij", (2,), (3,)),
    ("ij,j,i->", (2, 3), (3,), (2,)),
    ("bhld,bhmd->bhlm", (1, 2, 2, 3), (1, 2, 4, 3)),
    ("ijk->ki", (2, 3, 2)),
    ("ij,ij->ij", (2, 3), (2, 3)),
):
    case("einsum", lambda *x: torch.einsum(equation, *x), *[draw(*s) for s in shapes], settings=[equation])
case("unfold", lambda x: x.unfold(1, 3, 2), draw(2, 7), settings=[[3], {"stride": 2}])
for options in ({}, {"stride": 2, "padding": 1}, {"dilation": 2, "padding": 2}):
    case("conv1d", lambda x, w, b: F.conv1d(x, w, b, **options), draw(2, 2, 6), draw(3, 2, 3), draw(3), settings=[options])
    case("conv2d", lambda x, w, b: F.conv2d(x, w, b, **options), draw(2, 2, 5, 6), draw(2, 2, 3, 2), draw(2), settings=[options])
case("maxPool", lambda x: F.max_pool1d(x, 2), draw(1, 2, 7), settings=[[2]])
case("maxPool", lambda x: F.max_pool2d(x, 3, stride=2, padding=1), draw(1, 2, 5, 6), settings=[[3, 3], {"stride": 2, "padding": 1}])
case("averagePool", lambda x: F.avg_pool1d(x, 2), draw(1, 2, 7), settings=[[2]])
case("averagePool", lambda x: F.avg_pool2d(x, 3, stride=2, padding=1), draw(1, 2, 5, 6), settings=[[3, 3], {"stride": 2, "padding": 1}])
case("solve", torch.linalg.solve, spd(3, 3), draw(3, 2))
case("solve", torch.linalg.solve, torch.tensor([[0.0, 2.0], [3.0, 1.0]]), draw(2, 1))
case("solve", torch.linalg.solve, spd(2, 3, 3), draw(2, 3, 1))
# Of the symmetric part, since PyTorch takes A for symmetric and ours reads its lower triangle.
case("cholesky", lambda a: torch.linalg.cholesky((a + a.transpose(-1, -2)) / 2), spd(3, 3))
case("cholesky", lambda a: torch.linalg.cholesky((a + a.transpose(-1, -2)) / 2), spd(2, 2, 2))


def jacobian_case(name, f, g, x):
    CASES.append({"name": name, "settings": [], "operands": [packed(x)], "result": packed(g(f, x))})


jacobian_case("jacobian", lambda x: torch.stack([x.prod(), x.sin().sum()]), torch.autograd.functional.jacobian, draw(3))
jacobian_case("hessian", lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(), torch.autograd.functional.hessian, draw(3))


def layer(name, module, x, settings):
    state = {key: packed(value) for key, value in module.state_dict().items() if value.dtype == torch.float64}
    case(name, module, x, settings=settings, second=False)
    CASES[-1]["state"] = state
    CASES[-1]["after"] = {key: packed(value) for key, value in module.state_dict().items() if value.dtype == torch.float64}


def rounded(module):
    with torch.no_grad():
        for value in [*module.parameters(), *module.buffers()]:
            if value.dtype == torch.float64:
                value.copy_(value.float().double())
    return module


embedding = rounded(torch.nn.Embedding(5, 3))
CASES.append({"name": "Embedding", "settings": [5, 3], "operands": [[[2, 2], [4, 0, 1, 4]]], "state": {"weight": packed(embedding.weight)}, "result": packed(embedding(torch.tensor([[4, 0], [1, 4]])))})
norm = torch.nn.BatchNorm1d(3, momentum=0.25)
with torch.no_grad():
    norm.weight.copy_(torch.tensor([1.0, 2.0, -0.5]))
    norm.bias.copy_(torch.tensor([0.0, 0.5, 1.0]))
layer("BatchNorm", norm, draw(4, 3), [3, {"momentum": 0.25}])
layer("BatchNorm", torch.nn.BatchNorm2d(2), draw(3, 2, 2, 3), [2])
norm.eval()
layer("BatchNorm in evaluation", rounded(norm), draw(4, 3), [3])
group = torch.nn.GroupNorm(2, 4)
with torch.no_grad():
    group.weight.copy_(torch.tensor([1.0, 2.0, -0.5, 1.5]))
layer("GroupNorm", group, draw(2, 4, 3), [2, 4])

# Adam's relatives: gradients of a bowl, five steps.
for options, ours in (
    ({"lr": 0.1}, {"learningRate": 0.1}),
    ({"lr": 0.1, "alpha": 0.5, "momentum": 0.5, "weight_decay": 0.25}, {"learningRate": 0.1, "smoothing": 0.5, "momentum": 0.5, "weightDecay": 0.25}),
):
    x = torch.tensor([3.0, -2.0], requires_grad=True)
    optimizer = torch.optim.RMSprop([x], **options)
    path = []
    for _ in range(5):
        optimizer.zero_grad()
        (x * x * torch.tensor([1.0, 3.0])).sum().backward()
        optimizer.step()
        path.append([digits(v) for v in x.tolist()])
    CASES.append({"name": "RMSprop", "settings": [ours], "path": path})


def rates(make, count=12):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    scheduler = make(optimizer)
    found = []
    for _ in range(count):
        found.append(digits(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return found


schedulers = torch.optim.lr_scheduler
CASES.append({"name": "exponentialSchedule", "settings": [{"from": 0.5, "factor": 0.75}], "rates": rates(lambda o: schedulers.ExponentialLR(o, 0.75))})
for growth in (1, 2):
    CASES.append({
        "name": "cosineRestartsSchedule",
        "settings": [{"from": 0.5, "to": 0.125, "steps": 3, "growth": growth}],
        "rates": rates(lambda o: schedulers.CosineAnnealingWarmRestarts(o, 3, growth, 0.125)),
    })
losses = [3.0, 2.0, 2.0, 2.0, 1.99999, 1.5, 1.5, 1.5, 1.5, 1.0]
optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
plateau = schedulers.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, min_lr=0.2)
found = []
for loss in losses:
    plateau.step(loss)
    found.append(optimizer.param_groups[0]["lr"])
CASES.append({"name": "PlateauScheduler", "settings": [{"factor": 0.5, "patience": 1, "lowest": 0.2}], "losses": losses, "rates": found})

# What SciPy says of the same.
x = draw(6)
for name, f in (("logSigmoid", scipy.special.log_expit), ("logsumexp", scipy.special.logsumexp)):
    CASES.append({"name": name, "settings": [], "operands": [packed(x)], "result": packed(torch.as_tensor(f(x.numpy())))})
a, b = spd(3, 3), draw(3, 2)
CASES.append({"name": "solve", "settings": [], "operands": [packed(a), packed(b)], "result": packed(torch.from_numpy(scipy.linalg.solve(a.numpy(), b.numpy())))})
CASES.append({"name": "cholesky", "settings": [], "operands": [packed(a)], "result": packed(torch.from_numpy(scipy.linalg.cholesky(a.numpy(), lower=True)))})

# Channels in groups, after all others, so that what these draw stays as it was.
for options in ({"groups": 2}, {"groups": 2, "stride": 2, "padding": 1, "dilation": 2}):
    case("conv1d", lambda x, w, b: F.conv1d(x, w, b, **options), draw(2, 4, 6), draw(6, 2, 3), draw(6), settings=[options])
    case("conv2d", lambda x, w, b: F.conv2d(x, w, b, **options), draw(2, 4, 5, 6), draw(2, 2, 3, 2), draw(2), settings=[options])
case("conv2d", lambda x, w, b: F.conv2d(x, w, b, groups=3, padding=(2, 0)), draw(2, 3, 4, 3), draw(6, 1, 3, 2), draw(6), settings=[{"groups": 3, "padding": [2, 0]}])
# So are losses with every reduction.
for reduction in ("mean", "sum", "none"):
    for name, f in (("mseLoss", F.mse_loss), ("l1Loss", F.l1_loss)):
        case(name, lambda x, t: f(x, t, reduction=reduction), draw(4, 3), draw(4, 3), settings=[{"reduction": reduction}])
    case("huberLoss", lambda x, t: F.huber_loss(x, t, delta=0.7, reduction=reduction), draw(4, 3), draw(4, 3), settings=[{"delta": 0.7, "reduction": reduction}])

print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES) + "\n]")
