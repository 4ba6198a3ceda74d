"""PyTorch: `pip install torch torchvision onnx onnx2torch`. onnx2torch makes a module of the model, layer by layer.

Eager on the processor; --cuda: on the first GPU; --compiled: through torch.compile (minutes a network); --cuda-graph:
the GPU replays the eager kernels as one graph. Each is a target of its own.
"""
from sugarbush_helper import Refused, main, need, only_precision, random_inputs

options = ("--cuda", "--compiled", "--cuda-graph")


def module_of(model, precision):
    """The network, and its inputs as (name, shape, numpy type)."""
    onnx, onnx2torch = need("onnx", "onnx"), need("onnx2torch", "onnx2torch torchvision")
    loaded = onnx.load(model)
    weights = {weight.name for weight in loaded.graph.initializer}
    try:
        network = onnx2torch.convert(loaded).eval().requires_grad_(False)
    except NotImplementedError as error:
        raise Refused(f"onnx2torch lacks an operator of this model: {error}")
    inputs = []
    for put in loaded.graph.input:
        kind, shape = put.type.tensor_type.elem_type, [axis.dim_value for axis in put.type.tensor_type.shape.dim]
        if put.name not in weights:
            inputs.append((put.name, shape, onnx.helper.tensor_dtype_to_np_dtype(kind)))
    return (network.half() if precision == "fp16" else network), inputs


def on_gpu(torch, run, as_graph):
    """One inference and the wait for its end; the same run replayed as one graph."""
    if not as_graph:
        return lambda: (run(), torch.cuda.synchronize())
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return lambda: (graph.replay(), torch.cuda.synchronize())


def prepare(model, threads, given):
    torch, numpy = need("torch", "torch"), need("numpy", "numpy")
    precision = only_precision("fp32", "fp16")
    is_graph, is_compiled = "--cuda-graph" in given, "--compiled" in given
    device = "cuda" if is_graph or "--cuda" in given else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise Refused("PyTorch sees no GPU here; leave out --cuda and --cuda-graph, or install PyTorch with CUDA")
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    network, inputs = module_of(model, precision)
    network = network.to(device)
    arrays = [torch.from_numpy(array).to(device) for array in random_inputs(numpy, inputs).values()]
    arrays = [array.half() if precision == "fp16" and array.is_floating_point() else array for array in arrays]
    called = torch.compile(network) if is_compiled else network

    def run():
        with torch.inference_mode():
            return called(*arrays)

    run()
    mode = "compiled" if is_compiled else "cuda-graph" if is_graph else "eager"
    report = {"runtime": f"pytorch-{mode}", "version": torch.__version__, "executionProvider": device}
    if device == "cpu":
        return run, report
    return on_gpu(torch, run, is_graph), {**report, "accelerator": torch.cuda.get_device_name(0)}


main(prepare, options)
