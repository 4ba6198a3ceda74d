"""ONNX Runtime's Python package on the processor: `pip install onnxruntime`."""
import os

from sugarbush_helper import Refused, main, need, only_precision, random_inputs

levels = {"disabled": "ORT_DISABLE_ALL", "basic": "ORT_ENABLE_BASIC", "extended": "ORT_ENABLE_EXTENDED", "all": "ORT_ENABLE_ALL"}
types = {"tensor(float)": "float32", "tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(bool)": "bool"}


def prepare(model, threads, _options):
    onnxruntime, numpy = need("onnxruntime", "onnxruntime"), need("numpy", "numpy")
    only_precision("fp32")
    level = os.environ.get("SUGARBUSH_GRAPH_OPTIMIZATION", "all")
    if level not in levels:
        raise Refused(f"SUGARBUSH_GRAPH_OPTIMIZATION is '{level}', not one of {', '.join(levels)}")
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = threads, 1
    settings.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, levels[level])
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    inputs = random_inputs(numpy, [(put.name, put.shape, numpy.dtype(types[put.type])) for put in session.get_inputs()])
    version = onnxruntime.__version__
    return (lambda: session.run(None, inputs)), {"runtime": "onnxruntime-python", "version": version, "executionProvider": "cpu"}


main(prepare)
