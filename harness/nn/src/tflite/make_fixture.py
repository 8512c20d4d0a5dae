"""Writes tiny.tflite with TensorFlow Lite's own schema (PyPI: tflite, flatbuffers,
numpy), and prints the probabilities that numpy computes for its network.

The network is that of `tiny_network`.
"""

import sys
from pathlib import Path

import flatbuffers
import numpy as np
import tflite

sys.path.append(str(Path(__file__).resolve().parent.parent))
from tiny_network import CLASSES, SIDE, fill, layers  # noqa: E402


def forward(kind, stride, weights, bias, image):
    side, channels = image.shape[0], image.shape[2]
    out_side = -(-side // stride)
    size = weights.shape[1]
    before = max((out_side - 1) * stride + size - side, 0) // 2
    padded = np.zeros((side + 4, side + 4, channels))
    padded[before : before + side, before : before + side] = image
    out = np.zeros((out_side, out_side, weights.shape[3] if kind == "depthwise" else weights.shape[0]))
    for y in range(out_side):
        for x in range(out_side):
            window = padded[y * stride : y * stride + size, x * stride : x * stride + size]
            if kind == "depthwise":
                out[y, x] = (window * weights[0].astype(np.float64)).sum(axis=(0, 1)) + bias
            else:
                out[y, x] = np.tensordot(weights.astype(np.float64), window, 3) + bias
    return out if kind == "classes" else np.clip(out, 0, 6)


class Writer:
    def __init__(self):
        self.builder = flatbuffers.Builder(1 << 16)
        self.buffers = [b""]
        self.tensors = []
        self.operators = []

    def tensor(self, shape, numbers=None):
        if numbers is not None:
            self.buffers.append(numbers.tobytes())
        self.tensors.append((shape, len(self.buffers) - 1 if numbers is not None else 0))
        return len(self.tensors) - 1

    def integers(self, numbers):
        return self.builder.CreateNumpyVector(np.array(numbers, np.int32))

    def tables(self, offsets):
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return self.builder.EndVector()

    def options(self, kind, stride):
        b = self.builder
        if kind == "depthwise":
            tflite.DepthwiseConv2DOptionsStart(b)
            tflite.DepthwiseConv2DOptionsAddPadding(b, tflite.Padding.SAME)
            tflite.DepthwiseConv2DOptionsAddStrideW(b, stride)
            tflite.DepthwiseConv2DOptionsAddStrideH(b, stride)
            tflite.DepthwiseConv2DOptionsAddDepthMultiplier(b, 1)
            activation = tflite.ActivationFunctionType.RELU6
            tflite.DepthwiseConv2DOptionsAddFusedActivationFunction(b, activation)
            return tflite.BuiltinOptions.DepthwiseConv2DOptions, tflite.DepthwiseConv2DOptionsEnd(b)
        if kind in ("conv", "classes"):
            tflite.Conv2DOptionsStart(b)
            tflite.Conv2DOptionsAddPadding(b, tflite.Padding.SAME)
            tflite.Conv2DOptionsAddStrideW(b, stride)
            tflite.Conv2DOptionsAddStrideH(b, stride)
            if kind == "conv":
                activation = tflite.ActivationFunctionType.RELU6
                tflite.Conv2DOptionsAddFusedActivationFunction(b, activation)
            return tflite.BuiltinOptions.Conv2DOptions, tflite.Conv2DOptionsEnd(b)
        return 0, None

    def operator(self, code, inputs, output, options):
        b = self.builder
        inputs, outputs = self.integers(inputs), self.integers([output])
        tflite.OperatorStart(b)
        tflite.OperatorAddOpcodeIndex(b, code)
        tflite.OperatorAddInputs(b, inputs)
        tflite.OperatorAddOutputs(b, outputs)
        if options[1] is not None:
            tflite.OperatorAddBuiltinOptionsType(b, options[0])
            tflite.OperatorAddBuiltinOptions(b, options[1])
        self.operators.append(tflite.OperatorEnd(b))

    def finish(self, codes, first, last):
        b = self.builder
        tensors = []
        for shape, buffer in self.tensors:
            shape = self.integers(shape)
            tflite.TensorStart(b)
            tflite.TensorAddShape(b, shape)
            tflite.TensorAddType(b, tflite.TensorType.FLOAT32)
            tflite.TensorAddBuffer(b, buffer)
            tensors.append(tflite.TensorEnd(b))
        tensors, operators = self.tables(tensors), self.tables(self.operators)
        inputs, outputs = self.integers([first]), self.integers([last])
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, tensors)
        tflite.SubGraphAddInputs(b, inputs)
        tflite.SubGraphAddOutputs(b, outputs)
        tflite.SubGraphAddOperators(b, operators)
        graphs = self.tables([tflite.SubGraphEnd(b)])
        made = []
        for code in codes:
            tflite.OperatorCodeStart(b)
            tflite.OperatorCodeAddDeprecatedBuiltinCode(b, code)
            made.append(tflite.OperatorCodeEnd(b))
        made = self.tables(made)
        buffers = []
        for content in self.buffers:
            data = b.CreateByteVector(content) if content else None
            tflite.BufferStart(b)
            if data is not None:
                tflite.BufferAddData(b, data)
            buffers.append(tflite.BufferEnd(b))
        buffers = self.tables(buffers)
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, made)
        tflite.ModelAddSubgraphs(b, graphs)
        tflite.ModelAddBuffers(b, buffers)
        b.Finish(tflite.ModelEnd(b), b"TFL3")
        return bytes(b.Output())


def main(path):
    codes = [3, 4, 1, 43, 25]  # CONV_2D, DEPTHWISE_CONV_2D, AVERAGE_POOL_2D, SQUEEZE, SOFTMAX
    image = fill((SIDE, SIDE, 3), 0, 1.2).astype(np.float64)
    writer = Writer()
    first = at = writer.tensor((1, SIDE, SIDE, 3))

    def step(code, constants, shape, options):
        nonlocal at
        inputs = [at] + [writer.tensor(numbers.shape, numbers) for numbers in constants]
        at = writer.tensor(shape)
        writer.operator(code, inputs, at, options)

    for kind, stride, weights, bias in layers():
        if kind == "classes":
            image = image.mean(axis=(0, 1), keepdims=True)
            step(2, [], (1,) + image.shape, (0, None))
        image = forward(kind, stride, weights, bias, image)
        code = 1 if kind == "depthwise" else 0
        step(code, [weights, bias], (1,) + image.shape, writer.options(kind, stride))
    logits = image.reshape(-1)
    step(3, [], (1, CLASSES), (0, None))
    step(4, [], (1, CLASSES), (0, None))
    open(path, "wb").write(writer.finish(codes, first, at))
    powers = np.exp(logits - logits.max())
    print(powers / powers.sum(), logits)


main(sys.argv[1])
