#!/usr/bin/env python3
"""The largest network that meets a latency budget, found with optuna: a dozen lines around predict.py.

SUGARBUSH_API=… SUGARBUSH_TOKEN=sb_… python3 examples/search.py TARGET BUDGET_MS [TRIALS]

Needs the packages onnx and optuna. Nothing is trained: multiply-accumulates stand in for an accuracy of your own.
"""
import sys

import optuna
from onnx import TensorProto, helper
from predict import Service


def network(depth, width, kernel):
    """Depth blocks of a convolution and a Relu, then a classifier; weights are stated by shape alone."""
    nodes, weights, channels, last = [], [], 3, "image"
    for i in range(depth):
        stride = 2 if i % 2 == 0 and i < 6 else 1
        weights.append(helper.make_tensor_value_info(f"w{i}", TensorProto.FLOAT, [width, channels, kernel, kernel]))
        pads = [kernel // 2] * 4
        nodes.append(helper.make_node("Conv", [last, f"w{i}"], [f"c{i}"], strides=[stride, stride], pads=pads))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"]))
        channels, last = width, f"r{i}"
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["scores"]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 128, 128])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, width, 1, 1])
    graph = helper.make_graph(nodes, "network", [image], [scores])
    # Tensors without data: shapes are all that is asked for.
    for w in weights:
        dims = [d.dim_value for d in w.type.tensor_type.shape.dim]
        graph.initializer.append(TensorProto(name=w.name, data_type=TensorProto.FLOAT, dims=dims))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def main():
    target, budget_ms, trials = sys.argv[1], float(sys.argv[2]), int((sys.argv[3:] or ["30"])[0])
    service = Service()

    def objective(trial):
        depth = trial.suggest_int("depth", 2, 12)
        width = trial.suggest_int("width", 16, 256, step=16)
        model = service.register(network(depth, width, trial.suggest_categorical("kernel", [1, 3, 5])))
        [result] = service.predict([model["model"]], [target], budgetMs=budget_ms)
        trial.set_user_attr("latencyMs", result["latencyMs"][0])
        # At least nine in ten that it fits; the sampler learns from how far off a network is.
        trial.set_user_attr("constraint", [0.9 - result["withinBudgetProbability"][0]])
        return model["lowerings"][0]["macs"]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=0, constraints_func=lambda trial: trial.user_attrs["constraint"])
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=trials)
    fitting = [t for t in study.trials if t.user_attrs["constraint"][0] <= 0]
    if not fitting:
        raise SystemExit(f"none of {trials} networks fits {budget_ms:g} ms")
    best = max(fitting, key=lambda t: t.value)
    print(f"{best.params}: {best.value / 1e6:.4g} MMACs, {best.user_attrs['latencyMs']:.3g} ms; {len(fitting)} of {trials} fit")


if __name__ == "__main__":
    main()
