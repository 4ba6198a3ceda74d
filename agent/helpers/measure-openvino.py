"""OpenVINO on the processor: `pip install openvino`. It reads ONNX itself."""
from sugarbush_helper import main, need, only_precision, random_inputs


def prepare(model, threads, _options):
    openvino, numpy = need("openvino", "openvino"), need("numpy", "numpy")
    precision = only_precision("fp32", "fp16")
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "fp16": "f16"}[precision],
        # The agent has pinned this process already.
        "ENABLE_CPU_PINNING": False,
    }
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    inputs = [(put.any_name, put.shape, put.element_type.to_dtype()) for put in compiled.inputs]
    request = compiled.create_infer_request()
    for name, array in random_inputs(numpy, inputs).items():
        request.set_tensor(name, openvino.Tensor(array))
    version = openvino.__version__.split("-")[0]
    return request.infer, {"runtime": "openvino", "version": version, "executionProvider": "cpu"}


main(prepare)
