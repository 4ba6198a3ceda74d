"""A model of timm on every target of a service: python3 examples/timm_latency.py resnet18 (needs onnx, timm, torch)."""
import io
import sys

import onnx
import timm
import torch
from predict import Service

model = timm.create_model(sys.argv[1], exportable=True).eval()
size = timm.data.resolve_model_data_config(model)["input_size"]
file = io.BytesIO()
torch.onnx.export(model, torch.zeros(1, *size), file, dynamo=False)
service = Service()
known = service.register(onnx.load_from_string(file.getvalue()))
for result in service.predict([known["model"]], service.targets()[:100]):
    print(f"{result['target']}\t{result['latencyMs'][0]:.3g} ms\t{result['trust'][0]}")
