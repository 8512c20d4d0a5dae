"""The network of the fixtures (needs PyPI: numpy): MobileNet v1 for images of 32
pixels, with one channel in its first layer and 5 classes. Its weights and the
image follow the formula of `fill`.
"""

import numpy as np

SIDE, WIDTH, CLASSES = 32, 1, 5
BLOCKS = [(1, 2), (2, 4), (1, 4), (2, 8), (1, 8), (2, 16)] + [(1, 16)] * 5 + [(2, 32), (1, 32)]


def fill(shape, salt, scale):
    count = int(np.prod(shape))
    numbers = (np.arange(count) * 37 + salt * 11) % 101 - 50
    return (numbers / 64.0 * scale).astype(np.float32).reshape(shape)


def layers():
    """Kind, stride, weights and bias of each layer; weights as TensorFlow Lite
    orders them, by output, row, column and input."""
    yield "conv", 2, fill((WIDTH, 3, 3, 3), 1, 1.0), fill((WIDTH,), 2, 0.5)
    channels, salt = WIDTH, 3
    for stride, widths in BLOCKS:
        yield "depthwise", stride, fill((1, 3, 3, channels), salt, 1.0), fill((channels,), salt + 1, 0.5)
        out = widths * WIDTH
        scale = 2.0 / np.sqrt(channels)
        yield "conv", 1, fill((out, 1, 1, channels), salt + 2, scale), fill((out,), salt + 3, 0.5)
        channels, salt = out, salt + 4
    yield "classes", 1, fill((CLASSES, 1, 1, channels), salt, 1.0), fill((CLASSES,), salt + 1, 0.5)
