"""LiteRT (TensorFlow Lite) on the processor: `pip install ai-edge-litert numpy`.

It reads no ONNX and no light converter is on PyPI: what is run is the .tflite beside the model, of the same name.
Export the networks with `sugarbush-agent models`, convert them where TensorFlow is, and name the folder with --models.
"""
import os

from sugarbush_helper import Refused, main, need, only_precision, random_inputs


def prepare(model, threads, _options):
    litert, numpy = need("ai_edge_litert.interpreter", "ai-edge-litert"), need("numpy", "numpy")
    only_precision("fp32", "fp16", "int8")
    file = model.removesuffix(".onnx") + ".tflite"
    if not os.path.isfile(file):
        raise Refused(f"LiteRT reads no ONNX, and there is no converted model '{file}'")
    interpreter = litert.Interpreter(model_path=file, num_threads=threads)
    interpreter.allocate_tensors()
    inputs = interpreter.get_input_details()
    arrays = random_inputs(numpy, [(put["index"], put["shape"], numpy.dtype(put["dtype"])) for put in inputs])
    for index, array in arrays.items():
        interpreter.set_tensor(index, array)
    from importlib.metadata import version

    return interpreter.invoke, {"runtime": "litert", "version": version("ai-edge-litert"), "executionProvider": "xnnpack"}


main(prepare)
