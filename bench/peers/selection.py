"""One selection by one library on a pool given as .npy files, in a process of its own.

Called by bench/peers/selection.bench.ts: CASE PEER FOLDER BATCH. Reads probabilities.npy, embeddings.npy and labelled.npy where the
case has them and prints one JSON object: seconds, cpuSeconds, grownMiB (peak memory over that of the loaded data), picks,
versions. One thread. Exit status 3: the library is not installed.

Peers named after libraries run those libraries' own functions. The peer "numpy" is the method written down plainly in numpy
(and scipy), without the distances that need not be computed.
"""

import json
import os
import resource
import sys
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
warnings.filterwarnings("ignore")

import numpy as np

case, peer, folder, batch = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])


def load(name):
    path = os.path.join(folder, name + ".npy")
    return np.load(path) if os.path.exists(path) else None


P, X, labelled = load("probabilities"), load("embeddings"), load("labelled")
n = len(P if P is not None else X)
labelled = np.zeros(0, np.int64) if labelled is None else labelled.astype(np.int64)
is_open = np.ones(n, bool)
is_open[labelled] = False
open_rows = np.flatnonzero(is_open)
versions = {"numpy": np.__version__}


def note(module):
    import importlib.metadata

    versions[module] = importlib.metadata.version(module)


class Fixed:
    """A model whose predictions are known: the rows carry their number in place of features."""

    classes_ = np.arange(P.shape[1]) if P is not None else None

    def predict_proba(self, rows, **_):
        return P[np.asarray(rows).ravel().astype(np.int64)]


def partial_labels():
    y = np.full(n, np.nan)
    y[labelled] = 0
    return y


def margin_scikit_activeml():
    from skactiveml.pool._uncertainty_sampling import uncertainty_scores

    note("scikit-activeml")
    # The library's own score; its query() also draws a random tie-break for every row.
    return lambda: np.argpartition(-uncertainty_scores(P, method="margin_sampling"), batch)[:batch]


def margin_modal():
    from modAL.uncertainty import margin_sampling

    note("modAL-python")
    rows = np.arange(n)[:, None]
    return lambda: margin_sampling(Fixed(), rows, n_instances=batch)[0]


def margin_small_text():
    from small_text import BreakingTies

    note("small-text")
    rows = np.arange(n)
    return lambda: BreakingTies().query(Fixed(), rows, open_rows, labelled, np.zeros(len(labelled)), n=batch)


def margin_baal():
    from baal.active.heuristics import Margin

    note("baal")
    return lambda: Margin()(P)[:batch]


def margin_numpy():
    def run():
        top = np.partition(P, P.shape[1] - 2, axis=1)
        margin = top[:, -1] - top[:, -2]
        best = np.argpartition(margin, batch)[:batch]
        return best[np.argsort(margin[best], kind="stable")]

    return run


def k_center_scikit_activeml():
    from skactiveml.pool import CoreSet

    note("scikit-activeml")
    y = partial_labels()
    return lambda: CoreSet(random_state=0).query(X, y, batch_size=batch)


def k_center_small_text():
    from small_text.query_strategies.coresets import greedy_coreset

    note("small-text")
    return lambda: greedy_coreset(X, open_rows, labelled, batch, distance_metric="euclidean")


def k_center_numpy():
    def run():
        norms = np.einsum("ij,ij->i", X, X)
        nearest = np.full(n, np.inf, np.float32)
        for row in labelled:
            np.minimum(nearest, norms + norms[row] - 2 * (X @ X[row]), out=nearest)
        nearest[labelled] = -1
        picks = []
        for _ in range(batch):
            row = int(nearest.argmax())
            picks.append(row)
            np.minimum(nearest, norms + norms[row] - 2 * (X @ X[row]), out=nearest)
            nearest[row] = -1
        return picks

    return run


def badge_scikit_activeml():
    from skactiveml.base import SkactivemlClassifier
    from skactiveml.pool import Badge

    note("scikit-activeml")

    class Given(SkactivemlClassifier):
        """Answers with the pool's predictions for its unlabelled rows, which is all that it is asked for."""

        def fit(self, X, y, **_):
            return self

        def predict_proba(self, rows):
            return P[open_rows]

    model = Given(classes=np.arange(P.shape[1]))
    y = partial_labels()
    return lambda: Badge(random_state=0).query(X, y, model, fit_clf=False, batch_size=batch)


def badge_numpy():
    def run():
        rng = np.random.default_rng(0)
        x, p = X[open_rows], -P[open_rows]
        p[np.arange(len(p)), p.argmin(1)] += 1
        norms = np.einsum("ij,ij->i", x, x) * np.einsum("ij,ij->i", p, p)
        nearest = np.full(len(x), np.inf, np.float32)
        picks = [int(norms.argmax())]
        while True:
            i = picks[-1]
            np.minimum(nearest, np.maximum(0, norms + norms[i] - 2 * (p @ p[i]) * (x @ x[i])), out=nearest)
            nearest[i] = 0
            if len(picks) == batch:
                return open_rows[picks]
            mass = np.cumsum(nearest, dtype=np.float64)
            picks.append(int(np.searchsorted(mass, rng.random() * mass[-1])))

    return run


def typiclust_scikit_activeml():
    from skactiveml.pool import TypiClust

    note("scikit-activeml")
    y = partial_labels()
    options = {"n_init": 1, "random_state": 0}
    return lambda: TypiClust(random_state=0, k=20, cluster_algo_dict=options).query(X, y, batch_size=batch)


def probcover_scikit_activeml():
    from skactiveml.pool import ProbCover

    note("scikit-activeml")
    y = partial_labels()
    # One radius, so that only the cover is timed.
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    radius = float(np.load(os.path.join(folder, "radius.npy"))[0])
    return lambda: ProbCover(n_classes=10, deltas=[radius], random_state=0).query(unit, y, batch_size=batch)


def cluster_margin_numpy():
    from scipy.cluster.hierarchy import fcluster, linkage

    note("scipy")

    def run():
        rng = np.random.default_rng(0)
        sample = rng.choice(n, min(n, 1000), replace=False)
        cluster = fcluster(linkage(X[sample], "average"), len(sample) // 2, "maxclust") - 1
        k = cluster.max() + 1
        centroids = np.zeros((k, X.shape[1]), np.float32)
        np.add.at(centroids, cluster, X[sample])
        centroids /= np.bincount(cluster)[:, None]
        top = np.partition(P, P.shape[1] - 2, axis=1)
        margin = top[:, -1] - top[:, -2]
        margin[labelled] = np.inf
        rows = np.argsort(margin)[: 10 * batch]
        squares = np.einsum("ij,ij->i", centroids, centroids)
        of = (squares - 2 * X[rows] @ centroids.T).argmin(1)
        members = {c: list(rng.permutation(rows[of == c])) for c in np.unique(of)}
        order = sorted(members, key=lambda c: len(members[c]))
        picks = []
        while len(picks) < batch:
            for c in order:
                if members[c] and len(picks) < batch:
                    picks.append(int(members[c].pop()))
        return picks

    return run


def bait_numpy():
    """As defined: at each step the k x k inner systems of all rows from the k x kd factors themselves."""

    def factors(rows):
        k = P.shape[1]
        p = P[rows].astype(np.float64)
        root = np.sqrt(p)[:, :, None] * (np.eye(k) - p[:, None, :])
        return np.einsum("nac,nd->nacd", root, X[rows].astype(np.float64)).reshape(len(rows), k, -1)

    def run():
        v, known = factors(open_rows), factors(labelled)
        q, m = v.shape[2], len(labelled)
        fisher = (np.einsum("nai,naj->ij", v, v) + np.einsum("nai,naj->ij", known, known)) / n
        start = np.eye(q) + np.einsum("nai,naj->ij", known, known) / (m + batch)
        v *= np.sqrt(batch / (m + batch))
        inverse = np.linalg.inv(start)
        eye = np.eye(v.shape[1])
        chosen = []

        def traces(rows, sign):
            u = rows @ inverse
            inner = np.linalg.inv(eye + sign * u @ rows.transpose(0, 2, 1))
            return np.einsum("nab,nba->n", inner, u @ fisher @ u.transpose(0, 2, 1))

        def change(row, sign):
            u = inverse @ row.T
            return inverse - sign * u @ np.linalg.inv(eye + sign * row @ u) @ u.T

        while len(chosen) < 2 * batch:
            gain = traces(v, 1)
            gain[chosen] = -np.inf
            chosen.append(int(gain.argmax()))
            inverse = change(v[chosen[-1]], 1)
        while len(chosen) > batch:
            least = int(traces(v[chosen], -1).argmin())
            inverse = change(v[chosen[least]], -1)
            chosen.pop(least)
        return open_rows[chosen]

    return run


prepare = globals().get(f"{case}_{peer}".replace("-", "_"))
if prepare is None:
    sys.exit(f"no peer {peer} for {case}")
try:
    run = prepare()
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seconds, cpu_seconds = float("inf"), float("inf")
for repetition in range(2):
    start, cpu = time.perf_counter(), time.process_time()
    picks = run()
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    if spent < cpu_seconds:
        seconds, cpu_seconds = wall, spent
    if wall > 20:
        break
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
picks = [int(row) for row in picks]
print(
    json.dumps(
        {
            "seconds": seconds,
            "cpuSeconds": cpu_seconds,
            "grownMiB": round(grown / 1024),
            "picks": picks,
            "versions": versions,
        }
    )
)
