"""One fit of the Python reference: reference-fit.py PREDICTOR.PY PROJECT_ROOT SEARCH_SPACE STEPS SEED. Trains on the same
table, rows and targets as training-fit.ts and prints its times as JSON."""
import importlib.util
import json
import os
import sys
import time

path, root, space, steps, seed = sys.argv[1:]
spec = importlib.util.spec_from_file_location('reference', path)
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)
reference.HERE = os.path.join(root, 'scripts')   # its tables are read from ../data of that: this project's
pool = {'nasbench201': reference.NB201, 'fbnet': reference.FBNET}[space]()
before = time.process_time()
model = reference.Model(pool, pool.TRAIN, seed=int(seed), steps=int(steps), mix=pool.mix)
print(json.dumps(dict(seconds=model.time, cpuSeconds=time.process_time() - before)))
