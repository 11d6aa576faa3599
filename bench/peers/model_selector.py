"""MODEL SELECTOR per label in numpy, computed as its definition says: for every item and every class the whole belief after
that answer, and its entropy; O(items x classes x models).

Called by bench/evaluation/modelSelector.bench.ts: FOLDER ITEMS MODELS CLASSES EPSILON LABELS; reads predictions.u8 and
labels.u8, prints one JSON object. CPU milliseconds on one thread; ties within 1e-12 bits go to the lowest item.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

folder = sys.argv[1]
n, m, c = (int(x) for x in sys.argv[2:5])
epsilon, n_labels = float(sys.argv[5]), int(sys.argv[6])
predictions = np.fromfile(os.path.join(folder, "predictions.u8"), np.uint8).reshape(n, m)
labels = np.fromfile(os.path.join(folder, "labels.u8"), np.uint8)
gamma = (1 - epsilon) / epsilon
CHUNK = max(1, 4_000_000 // (m * c))

is_open = ~(predictions == predictions[:, :1]).all(axis=1)
belief = np.full(m, 1 / m)
picks, times = [], []
for _ in range(n_labels):
    start = time.process_time()
    items = np.flatnonzero(is_open)
    expected = np.empty(len(items))
    for first in range(0, len(items), CHUNK):
        rows = predictions[items[first : first + CHUNK]]
        agrees = rows[:, None, :] == np.arange(c, dtype=np.uint8)[None, :, None]
        after = np.where(agrees, gamma * belief, belief)
        after /= after.sum(axis=2, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = after * np.log2(after)
        expected[first : first + CHUNK] = -np.nan_to_num(terms).sum(axis=2).mean(axis=1)
    item = int(items[np.flatnonzero(expected <= expected.min() + 1e-12)[0]])
    belief = np.where(predictions[item] == labels[item], gamma * belief, belief)
    belief /= belief.sum()
    is_open[item] = False
    picks.append(item)
    times.append((time.process_time() - start) * 1e3)

print(json.dumps({"numpy": np.__version__, "cpuMsPerLabel": times, "picks": picks}))
