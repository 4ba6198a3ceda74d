"""MNN on the processor: `pip install MNN numpy`. The model is converted first, which is not timed.

The converter is called as the library that it is: the module `MNN.tools` around it installs a logging package and sends
what was converted to its maker.
"""
import os
import tempfile

from sugarbush_helper import Refused, main, need, only_precision, random_inputs


def converted(model, folder):
    """Path of the model in MNN's format. What the converter says of it (it names operators that it lacks) goes to
    standard error."""
    tools, path = need("_tools", "MNN"), os.path.join(folder, "network.mnn")
    standard_output = os.dup(1)
    os.dup2(2, 1)
    tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", model, "--MNNModel", path, "--bizCode", "sugarbush"])
    os.dup2(standard_output, 1)
    if not os.path.exists(path):
        raise Refused("MNN cannot convert this model; what it lacks stands above")
    return path


def prepare(model, threads, _options):
    engine, numpy = need("MNN", "MNN"), need("numpy", "numpy")
    precision = only_precision("fp32", "fp16")
    with tempfile.TemporaryDirectory() as folder:
        net = engine.Interpreter(converted(model, folder))
    settings = {"backend": "CPU", "numThread": threads, "precision": {"fp32": "high", "fp16": "low"}[precision]}
    session = net.createSession(settings)
    for name, tensor in net.getSessionInputAll(session).items():
        kind = numpy.int32 if tensor.getDataType() == engine.Halide_Type_Int else numpy.float32
        [array] = random_inputs(numpy, [(name, tensor.getShape(), numpy.dtype(kind))]).values()
        given = engine.Tensor(array.shape, tensor.getDataType(), array, engine.Tensor_DimensionType_Caffe)
        tensor.copyFrom(given)
    return (lambda: net.runSession(session)), {"runtime": "mnn", "version": engine.version(), "executionProvider": "cpu"}


main(prepare)
