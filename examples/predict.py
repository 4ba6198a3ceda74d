#!/usr/bin/env python3
"""An ONNX model's latency on the targets of a service: its operator graph is sent, without weights and without names.

SUGARBUSH_API=http://127.0.0.1:8787 SUGARBUSH_TOKEN=sb_… python3 examples/predict.py model.onnx [--target TEXT]… \\
    [--batch 1] [--dim NAME=LENGTH]… [--budget MS]

Needs Python 3.9 and the package onnx (1.15 or later). Other programs import operator_graph and Service.
"""
import argparse
import json
import os
import urllib.error
import urllib.request

try:
    import onnx
    import onnx.inliner
    from onnx import AttributeProto, TensorProto, helper, numpy_helper
except ImportError as missing:
    raise SystemExit(f"{missing}: python3 -m pip install 'onnx>=1.15'")

WORD = {"FLOAT": "float32", "DOUBLE": "float64"}
KEPT = ("int32", "int64", "bool")  # Integers say what to do: axes, shapes, indices. At most 64 of a tensor.


def type_name(number):
    word = TensorProto.DataType.Name(number)
    return WORD.get(word, word.lower())


def number(value):
    """As JSON can hold it, and as the service's own reader of ONNX files does."""
    if isinstance(value, int):
        return max(-(2**53), min(2**53, value))
    return 0.0 if value != value else max(-3.4028234663852886e38, min(3.4028234663852886e38, float(value)))


def constant(name, tensor, scales):
    told = {"name": name, "type": type_name(tensor.data_type), "shape": list(tensor.dims)}
    elements = 1
    for length in tensor.dims:
        elements *= length
    small = elements <= 64 and tensor.data_location != TensorProto.EXTERNAL
    if small and (told["type"] in KEPT or elements == 1 or name in scales) and told["type"] != "string":
        values = numpy_helper.to_array(tensor).astype("int64" if told["type"] in KEPT else "float64")
        told["values"] = [number(v) for v in values.reshape(-1).tolist()]
    return told


def shape_of(value, batch, dims):
    """Lengths; an open axis is told by its name, and the service refuses it."""
    lengths = []
    for axis, d in enumerate(value.type.tensor_type.shape.dim):
        if d.HasField("dim_value"):
            lengths.append(d.dim_value)
        elif d.dim_param in dims:
            lengths.append(dims[d.dim_param])
        else:
            lengths.append(batch if axis == 0 else d.dim_param or None)
    return lengths


def operator_graph(model, batch=1, dims=None):
    """What the model computes, in the form of POST /v1/models. model: a path, or a ModelProto."""
    if not isinstance(model, onnx.ModelProto):
        model = onnx.load(model, load_external_data=False)
    graph = onnx.inliner.inline_local_functions(model).graph
    dims = dims or {}
    resizes = {"Resize": (1, 2), "Upsample": (1,)}
    scales = {n.input[i] for n in graph.node for i in resizes.get(n.op_type, ()) if i < len(n.input)}
    constants = [constant(t.name, t, scales) for t in graph.initializer]
    nodes = []
    for node in graph.node:
        attributes = {a.name: a for a in node.attribute}
        if node.op_type == "Constant" and "value" in attributes:
            constants.append(constant(node.output[0], attributes["value"].t, scales))
            continue
        inputs, operator = list(node.input), node.op_type
        if operator == "ConstantOfShape" and "value" in attributes:  # The same, without a tensor in an attribute.
            filled = f"{node.output[0]}/value"
            constants.append({**constant(filled, attributes["value"].t, scales), "shape": []})
            inputs, operator = [filled, inputs[0]], "Expand"
        told = {}
        for name, attribute in attributes.items():
            if attribute.type in (AttributeProto.INT, AttributeProto.FLOAT):
                told[name] = number(helper.get_attribute_value(attribute))
            elif attribute.type in (AttributeProto.INTS, AttributeProto.FLOATS):
                told[name] = [number(v) for v in helper.get_attribute_value(attribute)]
            elif attribute.type == AttributeProto.STRING:
                told[name] = attribute.s.decode()
            elif attribute.type == AttributeProto.STRINGS:
                told[name] = [s.decode() for s in attribute.strings]
        nodes.append({"operator": operator, "domain": node.domain, "inputs": inputs, "outputs": list(node.output), "attributes": told})
    held = {c["name"] for c in constants}
    tensors = [
        {"name": v.name, "type": type_name(v.type.tensor_type.elem_type), "shape": shape_of(v, batch, dims)}
        for v in [*graph.value_info, *graph.output]
        if v.type.tensor_type.HasField("shape")
    ]
    return {
        "opset": next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")),
        "inputs": [
            {"name": i.name, "type": type_name(i.type.tensor_type.elem_type), "shape": shape_of(i, batch, dims)}
            for i in graph.input
            if i.name not in held
        ],
        "outputs": [o.name for o in graph.output],
        "constants": constants,
        "nodes": nodes,
        "tensors": [t for t in tensors if all(isinstance(length, int) for length in t["shape"])],
    }


class Service:
    """A running service; address and token default to SUGARBUSH_API and SUGARBUSH_TOKEN."""

    def __init__(self, api=None, token=None):
        self.api = (api or os.environ["SUGARBUSH_API"]).rstrip("/")
        self.token = token or os.environ["SUGARBUSH_TOKEN"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.api + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            problem = json.loads(refused.read() or b"{}")
            raise SystemExit(f"{method} {path}: {refused.code} {problem.get('detail', refused.reason)}") from None

    def targets(self, *texts):
        """Ids of the targets whose id or title has one of the texts in it; without any, of all."""
        found, cursor = [], ""
        while cursor is not None:
            page = self.call("GET", "/v1/targets?limit=200" + (f"&cursor={cursor}" if cursor else ""))
            found += [
                t["targetId"]
                for t in page["targets"]
                if not texts or any(x.lower() in f"{t['targetId']} {t['title']}".lower() for x in texts)
            ]
            cursor = page["nextCursor"]
        return found

    def register(self, model, **dimensions):
        """Takes a model in, once however often it is called. Its id, its kernels, and what in it is unknown."""
        return self.call("POST", "/v1/models", {"graph": operator_graph(model, **dimensions)})

    def predict(self, models, targets, **more):
        """models: ids. One result a target; in each one value a model."""
        return self.call("POST", "/v1/predictions", {"models": models, "targets": targets, **more})["results"]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("--target", action="append", default=[])
    options.add_argument("--batch", type=int, default=1)
    options.add_argument("--dim", action="append", default=[], metavar="NAME=LENGTH")
    options.add_argument("--budget", type=float, metavar="MS")
    given = options.parse_args()
    dims = {name: int(length) for name, _, length in (d.rpartition("=") for d in given.dim)}
    service = Service()
    model = service.register(given.model, batch=given.batch, dims=dims)
    operators = sum(o["count"] for o in model["operators"])
    print(f"{given.model}: {model['model']}, batch {model['batchSize']}, {operators} operators")
    for unknown in model["unknown"]:
        print(f"unknown: {unknown['count']} x {unknown['operator']}")
    targets = service.targets(*given.target)
    if not targets:
        raise SystemExit(f"no target is or contains {' or '.join(given.target)}" if given.target else "no targets yet")
    budget = {} if given.budget is None else {"budgetMs": given.budget}
    rows = [r for at in range(0, len(targets), 100) for r in service.predict([model["model"]], targets[at : at + 100], **budget)]
    width = max(len(r["target"]) for r in rows)
    for r in sorted(rows, key=lambda r: r["latencyMs"][0]):
        fits = f"  within {given.budget:g} ms: {r['withinBudgetProbability'][0]:.0%}" if budget else ""
        print(
            f"{r['target']:{width}}  {r['latencyMs'][0]:8.3g} ms  {r['lowMs'][0]:8.3g} – {r['highMs'][0]:.3g} ms  "
            f"{r['trust'][0]}{fits}"
        )


if __name__ == "__main__":
    main()
