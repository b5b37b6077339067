"""Run an exported model as any program would: by NumPy and the runtime, without restora and torch.

    python -I exported_run.py MODEL.onnx|MODEL.xml INPUTS.npz OUTPUTS.npz

Inputs are arrays (1, C, H, W), float32 in [0, 1]; the outputs are stored under the same names.
"""

import sys

import numpy as np


def main(model: str, inputs: str, outputs: str) -> None:
    """Load a model, run it on all arrays of a file, store the answers in another."""
    if model.endswith(".onnx"):
        import onnxruntime

        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        answers = {name: session.run(None, {"image": x})[0] for name, x in np.load(inputs).items()}
    else:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it would tell its makers
        import openvino

        compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        answers = {name: compiled([x])[0] for name, x in np.load(inputs).items()}
    np.savez(outputs, **answers)
    assert not {"restora", "torch"} & sys.modules.keys()


if __name__ == "__main__":
    main(*sys.argv[1:])
