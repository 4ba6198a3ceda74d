"""ncnn on the processor: `pip install ncnn pnnx`. pnnx converts the model first, which is not timed.

ncnn has no axis for the batch: pnnx drops it, and models with more than one image at once are refused.
"""
import os
import re
import shutil
import subprocess
import tempfile

from sugarbush_helper import Refused, main, need, only_precision, random_inputs


def convert(model, folder):
    """Writes network.ncnn.param and .bin into the folder. -> [(shape, type)] of the inputs, the batch included"""
    program = shutil.which("pnnx") or os.path.join(os.path.dirname(need("pnnx", "pnnx").__file__), "pnnx")
    shutil.copy(model, os.path.join(folder, "network.onnx"))
    done = subprocess.run([program, "network.onnx", "fp16=0"], cwd=folder, capture_output=True, text=True, timeout=600)
    shapes = re.findall(r"\[([\d,]+)\](f32|i64|i32)", "".join(re.findall(r"^model inputshape = (.*)$", done.stdout + done.stderr, re.M)))
    if done.returncode != 0 or not shapes or not os.path.exists(os.path.join(folder, "network.ncnn.param")):
        raise Refused(f"pnnx cannot convert this model: {' '.join((done.stderr + done.stdout).split())[-300:]}")
    return [([int(length) for length in text.split(",")], kind) for text, kind in shapes]


def lacking(param):
    """Kinds of layers that pnnx left in its own words, because ncnn has no such layer."""
    with open(param) as lines:
        kinds = {line.split()[0] for line in lines if len(line.split()) > 3}
    return sorted(kind for kind in kinds if "." in kind or "::" in kind)


def prepare(model, threads, _options):
    ncnn, numpy = need("ncnn", "ncnn"), need("numpy", "numpy")
    only_precision("fp32")
    net = ncnn.Net()
    net.opt.num_threads = threads
    for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage", "use_vulkan_compute"):
        setattr(net.opt, name, False)
    with tempfile.TemporaryDirectory() as folder:
        inputs = convert(model, folder)
        lacks = lacking(f"{folder}/network.ncnn.param")
        if lacks or net.load_param(f"{folder}/network.ncnn.param") or net.load_model(f"{folder}/network.ncnn.bin"):
            raise Refused(f"ncnn lacks operators of this model: {', '.join(lacks) or 'see above'}")
    if any(shape[0] != 1 for shape, _ in inputs):
        raise Refused(f"ncnn runs one image at once; an input is {inputs[0][0]}")
    numbers = {"f32": numpy.dtype("float32"), "i64": numpy.dtype("int32"), "i32": numpy.dtype("int32")}
    arrays = random_inputs(numpy, [(f"in{at}", shape[1:], numbers[kind]) for at, (shape, kind) in enumerate(inputs)])
    given = {name: ncnn.Mat(array) for name, array in arrays.items()}
    outputs = net.output_names()

    def run():
        extractor = net.create_extractor()
        for name, array in given.items():
            extractor.input(name, array)
        for name in outputs:
            if extractor.extract(name)[0] != 0:
                raise Refused("ncnn cannot run this model: a layer failed")

    return run, {"runtime": "ncnn", "version": ncnn.__version__, "executionProvider": "cpu"}


main(prepare)
