"""What the helpers for `sugarbush-agent profile --runtime command` share: arguments, warm-up, sampling, the line printed.

The agent starts `python3 measure-NAME.py [OPTIONS] MODEL.onnx` once a network and reads one JSON line of standard
output. Nothing is timed but inferences: `prepare` loads or converts the model and returns how to run it once.
"""
import importlib
import json
import os
import sys
import time
from statistics import median

# Before any runtime is loaded: none of them may send anything.
os.environ.update(ORT_DISABLE_TELEMETRY="1", OPENVINO_TELEMETRY="0", CI="true", DO_NOT_TRACK="1")


class Refused(Exception):
    """A reason in one line, for the device owner."""


def need(module, package):
    """The module; refused, with how to install it, where Python has none."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = error.name not in (None, module, module.split(".")[0])
        why = f" ({error})" if missing else ""
        raise Refused(f"Python has no module '{module}'{why}; install it: {sys.executable} -m pip install {package}")


def setting(name, default, read=int):
    """A positive number of the agent's, or what stands for it when a person starts the helper."""
    text = os.environ.get(f"SUGARBUSH_{name}", str(default))
    try:
        value = read(text)
    except ValueError:
        value = 0
    if value <= 0:
        raise Refused(f"SUGARBUSH_{name} is '{text}', not a positive number")
    return value


def only_precision(*allowed):
    precision = os.environ.get("SUGARBUSH_PRECISION", "fp32")
    if precision not in allowed:
        raise Refused(f"--precision {precision}: this helper has {', '.join(allowed)}")
    return precision


def random_inputs(numpy, inputs):
    """[(name, shape, numpy type)] -> arrays: noise for numbers, ones for what counts, as the agent itself has it."""
    random = numpy.random.default_rng(0)
    draw = lambda shape, kind: random.normal(size=shape) if numpy.issubdtype(kind, numpy.floating) else numpy.ones(shape)
    return {name: draw(tuple(shape), kind).astype(kind) for name, shape, kind in inputs}


def timed_ms(run):
    start = time.perf_counter_ns()
    run()
    return max(time.perf_counter_ns() - start, 1) / 1e6


def warm_up(run, max_ms):
    """Runs until two stretches of 50 ms agree within 2 %, or max_ms (at most 3 s) are over."""
    previous, window, total = None, [], 0.0
    while total < min(max_ms, 3000):
        window.append(timed_ms(run))
        total += window[-1]
        if len(window) >= 3 and sum(window) >= 50:
            if previous is not None and abs(median(window) / previous - 1) <= 0.02:
                return
            previous, window = median(window), []


def is_settled(samples, tolerance):
    """Whether the 95 % interval of ten consecutive blocks' medians is within the tolerance, as the agent has it."""
    blocks = [median(samples[b * len(samples) // 10 : (b + 1) * len(samples) // 10]) for b in range(10)]
    mean = sum(blocks) / 10
    deviation = (sum((block - mean) ** 2 for block in blocks) / 9) ** 0.5
    return 2.262 * deviation / 10**0.5 <= tolerance * mean


def sample(run, min_runs, max_ms, tolerance):
    """Latencies in ms, in order of time: at least min_runs, then until they have settled or max_ms are over."""
    samples, total, check = [], 0.0, max(min_runs, 10)
    while len(samples) < 50_000 and (total < max_ms or len(samples) < min(min_runs, 3)):
        samples.append(timed_ms(run))
        total += samples[-1]
        if len(samples) >= check:
            check = int(len(samples) * 1.3) + 1
            if total >= min(200, max_ms) and is_settled(samples, tolerance):
                break
    return samples


def main(prepare, options=()):
    """prepare(model, threads, options) -> (run, report). `options`: the words that may stand before the model."""
    try:
        *given, model = sys.argv[1:] or [""]
        unknown = [word for word in given if word not in options]
        if unknown or model in ("", "--help") or not model.endswith(".onnx"):
            words = "".join(f" [{word}]" for word in options)
            raise Refused(f"usage: {os.path.basename(sys.argv[0])}{words} MODEL.onnx")
        if not os.path.isfile(model):
            raise Refused(f"no file '{model}'")
        min_runs, max_ms = setting("MIN_RUNS", 30), setting("MAX_MS", 5000, float)
        run, report = prepare(model, setting("THREADS", 1), given)
        warm_up(run, max_ms)
        samples = sample(run, min_runs, max_ms, setting("TOLERANCE", 0.01, float))
    except Refused as reason:
        sys.exit(f"{reason}")
    except Exception as error:  # whatever a runtime throws is told in one line
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())[:400]}")
    print(json.dumps({"latenciesMs": [round(ms, 6) for ms in samples], **report}), flush=True)
