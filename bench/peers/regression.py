"""Batch selection for regression with the authors' own PyTorch classes (pip: torch, bmdal_reg): one thread, CPU ms.

Called by bench/regression/selectRegression.bench.ts:
  regression.py --features F.npy --known M --batch B --methods a,b [--threads N]
F.npy is float32, the first M rows the train points. Prints one JSON object {versions, results: {method: {...}}}.
"""

import argparse
import json
import os
import resource
import time

parser = argparse.ArgumentParser()
parser.add_argument("--features", required=True)
parser.add_argument("--known", type=int, required=True)
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--methods", required=True)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(arguments.threads)

import numpy as np

# The package was written for NumPy 1.
np.Inf = np.inf

import bmdal_reg
import torch
from bmdal_reg.bmdal.feature_data import TensorFeatureData
from bmdal_reg.bmdal.feature_maps import IdentityFeatureMap
from bmdal_reg.bmdal.features import Features
from bmdal_reg.bmdal.selection import (
    BaitFeatureSpaceSelectionMethod,
    FrankWolfeSelectionMethod,
    KmeansppSelectionMethod,
    LargestClusterMaxDistSelectionMethod,
    MaxDetSelectionMethod,
    MaxDistSelectionMethod,
)

torch.set_num_threads(arguments.threads)
torch.manual_seed(0)
np.random.seed(0)
SIGMA = 1e-3


def features(array, is_double):
    tensor = torch.from_numpy(array)
    data = TensorFeatureData(tensor.double() if is_double else tensor)
    return Features(IdentityFeatureMap(n_features=array.shape[1]), data)


def method_of(name, pool, train):
    mode = name.endswith("-tp")
    shared = {"pool_features": pool, "train_features": train, "sel_with_train": mode, "verbosity": 0}
    base = name.rsplit("-", 1)[0]
    if base == "lcmd":
        return LargestClusterMaxDistSelectionMethod(**shared, dist_weight_mode="sq-dist")
    if base == "maxdist":
        return MaxDistSelectionMethod(**shared)
    if base == "kmeanspp":
        return KmeansppSelectionMethod(**shared)
    if base == "fw":
        return FrankWolfeSelectionMethod(**shared)
    if base == "maxdet":
        return MaxDetSelectionMethod(**shared, noise_sigma=SIGMA)
    if base in ("bait-f", "bait-fb"):
        return BaitFeatureSpaceSelectionMethod(
            **shared, noise_sigma=SIGMA, overselection_factor=2.0 if base == "bait-fb" else 1.0
        )
    raise SystemExit(f"unknown method {name}")


values = np.load(arguments.features)
results = {}
for name in arguments.methods.split(","):
    is_double = name.startswith(("maxdet", "bait"))
    train = features(values[: arguments.known], is_double)
    pool = features(values[arguments.known :], is_double)
    wall, cpu = time.perf_counter(), time.process_time()
    method = method_of(name, pool, train)
    rows = method.select(arguments.batch)
    results[name] = {
        "cpuMs": (time.process_time() - cpu) * 1e3,
        "wallMs": (time.perf_counter() - wall) * 1e3,
        "rows": [int(row) for row in rows],
        "status": method.get_status(),
        "peakRssMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    del method, train, pool
print(
    json.dumps(
        {
            "versions": {"torch": torch.__version__, "bmdal_reg": getattr(bmdal_reg, "__version__", "unknown")},
            "results": results,
        }
    )
)
