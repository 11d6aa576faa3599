"""The cases of bench/kernels in numpy and, where installed, PyTorch: one thread, CPU milliseconds, best of a few runs.

Called by bench/kernels/kernels.bench.ts with --small or nothing; prints one JSON object {case: {library: ms}}.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

SMALL = "--small" in sys.argv
SCALE = 20 if SMALL else 1
results = {}


def measure(case, library, run, repetitions=5):
    run()
    best = float("inf")
    for _ in range(1 if SMALL else repetitions):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    results.setdefault(case, {})[library] = best * 1e3


def gemm():
    n, d, c = 4096 // SCALE, 512, 512
    a, b = (np.random.default_rng(0).random(s, dtype=np.float32) for s in ((n, d), (d, c)))
    out = np.empty((n, c), np.float32)
    measure("gemm 4096×512×512", "numpy", lambda: np.matmul(a, b, out=out))
    if torch:
        ta, tb, to = map(torch.from_numpy, (a, b, out))
        measure("gemm 4096×512×512", "torch", lambda: torch.mm(ta, tb, out=to))


def distance():
    n, d = 100_000 // SCALE, 512
    x = np.random.default_rng(1).random((n, d), dtype=np.float32)
    norms = np.einsum("ij,ij->i", x, x)
    nearest = np.full(n, 1e9, np.float32)

    def with_numpy():
        np.minimum(nearest, norms + norms[0] - 2 * (x @ x[0]), out=nearest)
        return nearest.argmax()

    measure("distanceUpdate 100k×512", "numpy", with_numpy)
    if torch:
        tx, tn, tm = map(torch.from_numpy, (x, norms, nearest))

        def with_torch():
            torch.minimum(tm, tn + tn[0] - 2 * (tx @ tx[0]), out=tm)
            return tm.argmax()

        measure("distanceUpdate 100k×512", "torch", with_torch)


def statistics():
    n, c = 1_000_000 // SCALE, 10
    logits = np.random.default_rng(2).standard_normal((n, c), dtype=np.float32)

    def with_numpy():
        e = np.exp(logits - logits.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        top = np.partition(p, c - 2, axis=1)
        return top[:, c - 1] - top[:, c - 2], p.argmax(1), -(p * np.log(p + 1e-12)).sum(1)

    measure("softmax + rowStats 1M×10", "numpy", with_numpy, 3)
    if torch:
        tl = torch.from_numpy(logits)

        def with_torch():
            p = torch.softmax(tl, 1)
            top = torch.topk(p, 2, dim=1)
            return top.values[:, 0] - top.values[:, 1], top.indices[:, 0], -(p * torch.log(p + 1e-12)).sum(1)

        measure("softmax + rowStats 1M×10", "torch", with_torch, 3)


def factor():
    for size in (64,) if SMALL else (512, 1024):
        i = np.arange(size)
        a = 1 / (1.0 + abs(i[:, None] - i[None, :]))
        a[i, i] = size
        b = np.ones((size, 64))
        measure(f"cholesky {size}", "numpy", lambda: np.linalg.cholesky(a))
        if torch:
            ta, tb = torch.from_numpy(a), torch.from_numpy(b)
            factor_of_a = torch.linalg.cholesky(ta)
            measure(f"cholesky {size}", "torch", lambda: torch.linalg.cholesky(ta))
            measure(f"choleskySolve {size}, 64 right sides", "torch", lambda: torch.cholesky_solve(tb, factor_of_a))


def epochs():
    n, d, c = 20_000 // SCALE, 512, 10
    rng = np.random.default_rng(3)
    x = rng.standard_normal((n, d), dtype=np.float32)
    y = rng.integers(0, c, n)
    if not torch:
        return
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    for case, layers in (
        ("epoch softmax 20k×512→10", [torch.nn.Linear(d, c)]),
        ("epoch mlp 20k×512→256→10", [torch.nn.Linear(d, 256), torch.nn.ReLU(), torch.nn.Linear(256, c)]),
    ):
        model = torch.nn.Sequential(*layers)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

        def epoch():
            order = torch.randperm(n)
            for start in range(0, n, 256):
                rows = order[start : start + 256]
                optimizer.zero_grad(set_to_none=True)
                torch.nn.functional.cross_entropy(model(tx[rows]), ty[rows]).backward()
                optimizer.step()

        measure(case, "torch", epoch, 3)


for run_case in (gemm, distance, statistics, factor, epochs):
    run_case()
versions = {"numpy": np.__version__, **({"torch": torch.__version__} if torch else {})}
print(json.dumps({"versions": versions, "results": results}))
