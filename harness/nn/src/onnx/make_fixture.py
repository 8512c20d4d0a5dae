"""Writes the network of `tiny_network` (PyPI: onnx, onnxruntime, numpy) as
pytorch.onnx and tensorflow.onnx, in the forms that exporters of PyTorch and of
TensorFlow give it, and prints what onnxruntime answers.

pytorch.onnx: version 10 of the operators, channels first, a Pad before strided
layers, Clip's ends as attributes, a product as classifier, logits.
tensorflow.onnx: version 13, channels last with a Transpose, auto_pad,
normalisation and biases apart, ReLU6 as Relu and Min, probabilities.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

sys.path.append(str(Path(__file__).resolve().parent.parent))
from tiny_network import CLASSES, SIDE, fill, layers  # noqa: E402

FLOAT = onnx.TensorProto.FLOAT


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.at = [], [], "image"

    def constant(self, numbers, raw=True):
        name = f"constant_{len(self.constants)}"
        if raw:
            tensor = numpy_helper.from_array(np.ascontiguousarray(numbers), name)
        else:
            tensor = helper.make_tensor(name, FLOAT, numbers.shape, numbers.reshape(-1))
        self.constants.append(tensor)
        return name

    def node(self, operator, inputs=(), **attributes):
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.at, *inputs], [name], name, **attributes))
        self.at = name

    def model(self, opset, shape, output):
        self.nodes[-1].output[0] = output
        image = helper.make_tensor_value_info("image", FLOAT, shape)
        made = helper.make_tensor_value_info(output, FLOAT, ["n", CLASSES])
        graph = helper.make_graph(self.nodes, "tiny", [image], [made], self.constants)
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=7)
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()


def oihw(kind, weights):
    """Outputs, inputs, rows, columns: ONNX's order."""
    return weights.transpose(3, 0, 1, 2) if kind == "depthwise" else weights.transpose(0, 3, 1, 2)


def pytorch():
    graph = Graph()
    for kind, stride, weights, bias in layers():
        channels_out = bias.shape[0]
        group = channels_out if kind == "depthwise" else 1
        if kind == "classes":
            graph.node("GlobalAveragePool")
            graph.node("Dropout", ratio=0.001)
            graph.node("Flatten", axis=1)
            graph.node("Gemm", [graph.constant(weights[:, 0, 0]), graph.constant(bias)], transB=1)
            continue
        size = weights.shape[1]
        pads = [size // 2] * 4
        if stride == 2:
            # All sides that are halved are even.
            graph.node("Pad", mode="constant", pads=[0, 0, 0, 0, 0, 0, 1, 1])
            pads = [0] * 4
        constants = [graph.constant(oihw(kind, weights)), graph.constant(bias, raw=False)]
        graph.node("Conv", constants, kernel_shape=[size, size], strides=[stride, stride], pads=pads, group=group)
        graph.node("Clip", min=0.0, max=6.0)
    return graph.model(10, ["n", 3, SIDE, SIDE], "logits")


def tensorflow():
    graph = Graph()
    graph.node("Transpose", perm=[0, 3, 1, 2])
    six = graph.constant(np.float32(6.0))
    for nth, (kind, stride, weights, bias) in enumerate(layers()):
        weights = oihw(kind, weights).astype(np.float64)
        channels_out = bias.shape[0]
        group = channels_out if kind == "depthwise" else 1
        size = weights.shape[2]
        shape = {"kernel_shape": [size, size], "strides": [stride, stride], "auto_pad": "SAME_UPPER"}
        if kind == "classes":
            graph.node("ReduceMean", axes=[2, 3], keepdims=1)
            graph.node("Conv", [graph.constant(weights.astype(np.float32))], **shape)
            graph.node("Add", [graph.constant(bias.reshape(1, -1, 1, 1))])
            graph.node("Transpose", perm=[0, 2, 3, 1])
            graph.node("Squeeze", [graph.constant(np.array([1, 2]))])
            graph.node("Softmax", axis=-1)
            continue
        # What folding undoes: weights / factor, then normalised to the same outputs.
        scale = 0.5 + fill((channels_out,), nth, 0.5).astype(np.float64) ** 2
        variance = 1.0 + fill((channels_out,), nth + 1, 0.5).astype(np.float64) ** 2
        mean = fill((channels_out,), nth + 2, 0.5).astype(np.float64)
        factor = scale / np.sqrt(variance + 1e-3)
        shift = bias + mean * factor
        constants = [numbers.astype(np.float32) for numbers in (scale, shift, mean, variance)]
        weights = (weights / factor.reshape(-1, 1, 1, 1)).astype(np.float32)
        graph.node("Conv", [graph.constant(weights)], group=group, **shape)
        graph.node("BatchNormalization", map(graph.constant, constants), epsilon=1e-3)
        graph.node("Relu")
        graph.node("Min", [six])
    return graph.model(13, ["n", SIDE, SIDE, 3], "probabilities")


def answer(model, image):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": image})[0].reshape(-1)


def main(folder):
    image = fill((SIDE, SIDE, 3), 0, 1.2)[np.newaxis]
    for name, model, image in [
        ("pytorch", pytorch(), image.transpose(0, 3, 1, 2)),
        ("tensorflow", tensorflow(), image),
    ]:
        (Path(folder) / f"{name}.onnx").write_bytes(model)
        print(name, [float(f"{number:.9g}") for number in answer(model, image)])


main(sys.argv[1])
