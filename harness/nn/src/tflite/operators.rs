//! The operators of a file, one after the other, with what a MobileNet v1 has in their place.

use flatbuffers::InvalidFlatbuffer;

use super::schema::{Graph, Model, Operator, Tensor};
use crate::{
    Kind, Layer, ModelError,
    error::{different, expect, malformed},
};

pub(super) const AVERAGE_POOL: i32 = 1;
pub(super) const CONV: i32 = 3;
pub(super) const DEPTHWISE_CONV: i32 = 4;
pub(super) const RESHAPE: i32 = 22;
pub(super) const SOFTMAX: i32 = 25;
pub(super) const SQUEEZE: i32 = 43;

const CONV_OPTIONS: u8 = 1;
const DEPTHWISE_OPTIONS: u8 = 2;
const FLOAT32: i8 = 0;
const SAME_PADDING: i8 = 0;
const NO_ACTIVATION: i8 = 0;
const RELU6: i8 = 3;

/// A file's tables, with what is read of them.
pub(super) struct Reader<'a> {
    model: Model<'a>,
    graph: Graph<'a>,
}

/// An operator and where it is, for messages.
pub(super) struct Step<'a> {
    operator: Operator<'a>,
    position: usize,
    /// Its number in the schema.
    pub(super) code: i32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(model: Model<'a>) -> Result<Self, ModelError> {
        expect("version", model.version(), 3)?;
        let graphs = present(model.graphs(), "graphs")?;
        expect("number of graphs", graphs.len(), 1)?;
        Ok(Self { model, graph: graphs.get(0) })
    }

    /// All operators.
    pub(super) fn steps(&self) -> Result<Vec<Step<'a>>, ModelError> {
        let codes = present(self.model.operator_codes(), "operator codes")?;
        let operators = present(self.graph.operators(), "operators")?;
        let step = |(position, operator): (usize, Operator<'a>)| {
            let index = operator.code_index() as usize;
            if index >= codes.len() {
                return Err(malformed(&format!("operator {position} has no code")));
            }
            let code = codes.get(index);
            let code = code.code().max(i32::from(code.old_code()));
            Ok(Step { operator, position, code })
        };
        operators.iter().enumerate().map(step).collect()
    }

    /// The index of the graph's only input.
    pub(super) fn input(&self) -> Result<i32, ModelError> {
        let inputs = present(self.graph.inputs(), "inputs")?;
        expect("number of inputs", inputs.len(), 1)?;
        Ok(inputs.get(0))
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, tensor: i32) -> Result<Vec<usize>, ModelError> {
        let shape = present(self.tensor(tensor)?.shape(), "shapes")?;
        let sizes = shape.iter().map(usize::try_from).collect::<Result<_, _>>();
        sizes.map_err(|_| malformed(&format!("tensor {tensor} has a negative size")))
    }

    /// The numbers of a tensor that must have this shape.
    pub(super) fn numbers(
        &self,
        tensor: i32,
        shape: &[usize],
        place: &str,
    ) -> Result<Vec<f32>, ModelError> {
        expect(&format!("shape of {place}"), self.shape(tensor)?.as_slice(), shape)?;
        expect(&format!("number type of {place}"), self.tensor(tensor)?.number_type(), FLOAT32)?;
        let buffers = present(self.model.buffers(), "buffers")?;
        let buffer = self.tensor(tensor)?.buffer() as usize;
        if buffer >= buffers.len() {
            return Err(malformed(&format!("the numbers of {place} are in no buffer")));
        }
        let bytes = present(buffers.get(buffer).bytes(), "numbers in a buffer")?.bytes();
        let n_numbers: usize = shape.iter().product();
        expect(&format!("bytes of {place}"), bytes.len(), 4 * n_numbers)?;
        let (words, _) = bytes.as_chunks::<4>();
        Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
    }

    fn tensor(&self, index: i32) -> Result<Tensor<'a>, ModelError> {
        let tensors = present(self.graph.tensors(), "tensors")?;
        let index = usize::try_from(index).ok().filter(|index| *index < tensors.len());
        index.map(|index| tensors.get(index)).ok_or_else(|| malformed("an operator uses no tensor"))
    }
}

impl Step<'_> {
    /// What messages call it.
    pub(super) fn name(&self) -> String {
        format!("operator {}, {}", self.position, code_name(self.code))
    }

    /// Its input tensor of that number.
    pub(super) fn input(&self, n: usize) -> Result<i32, ModelError> {
        let inputs = present(self.operator.inputs(), "inputs of an operator")?;
        if n < inputs.len() {
            Ok(inputs.get(n))
        } else {
            Err(malformed(&format!("{} lacks an input", self.name())))
        }
    }

    /// Its only output tensor.
    pub(super) fn output(&self) -> Result<i32, ModelError> {
        let outputs = present(self.operator.outputs(), "outputs of an operator")?;
        expect(&format!("number of outputs of {}", self.name()), outputs.len(), 1)?;
        Ok(outputs.get(0))
    }

    /// Refuses an operator of another kind.
    pub(super) fn expect_code(&self, codes: &[i32]) -> Result<(), ModelError> {
        if codes.contains(&self.code) {
            return Ok(());
        }
        let expected: Vec<_> = codes.iter().map(|code| code_name(*code)).collect();
        let place = format!("operator {}", self.position);
        Err(different(&place, &expected.join(" or "), &code_name(self.code)))
    }

    /// Refuses a convolution that is not as the layer asks.
    pub(super) fn expect_options(&self, layer: &Layer, is_last: bool) -> Result<(), ModelError> {
        let invalid = |error: InvalidFlatbuffer| malformed(&error.to_string());
        let options = present(self.operator.options(), "options of a convolution")?;
        let options_type =
            if layer.kind == Kind::Depthwise { DEPTHWISE_OPTIONS } else { CONV_OPTIONS };
        expect(
            &format!("type of options of {}", self.name()),
            self.operator.options_type(),
            options_type,
        )?;
        // Padding, strides, dilations, multiplier, activation.
        let (found, activation) = if layer.kind == Kind::Depthwise {
            let of = options.as_depthwise().map_err(invalid)?;
            let steps = [of.stride_h(), of.stride_w(), of.dilation_h(), of.dilation_w()];
            ((of.padding(), steps, of.multiplier()), of.activation())
        } else {
            let of = options.as_conv().map_err(invalid)?;
            let steps = [of.stride_h(), of.stride_w(), of.dilation_h(), of.dilation_w()];
            ((of.padding(), steps, 1), of.activation())
        };
        let stride = layer.stride as i32;
        let place = format!("padding, strides and dilations, multiplier of {}", self.name());
        expect(&place, found, (SAME_PADDING, [stride, stride, 1, 1], 1))?;
        let expected = if is_last { NO_ACTIVATION } else { RELU6 };
        expect(&format!("activation of {}", self.name()), activation, expected)
    }
}

fn present<T>(found: Option<T>, what: &str) -> Result<T, ModelError> {
    found.ok_or_else(|| malformed(&format!("it has no {what}")))
}

/// As the schema writes it.
fn code_name(code: i32) -> String {
    match code {
        AVERAGE_POOL => "AVERAGE_POOL_2D".to_owned(),
        CONV => "CONV_2D".to_owned(),
        DEPTHWISE_CONV => "DEPTHWISE_CONV_2D".to_owned(),
        RESHAPE => "RESHAPE".to_owned(),
        SOFTMAX => "SOFTMAX".to_owned(),
        SQUEEZE => "SQUEEZE".to_owned(),
        other => format!("an operator of number {other}"),
    }
}
