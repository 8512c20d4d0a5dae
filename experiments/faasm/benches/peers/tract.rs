//! tract: the network as an ONNX file, which it reads and optimises itself.

use std::{io::Cursor, sync::Arc};

use tract_onnx::prelude::*;

/// A model that is ready to run, and what it is to classify.
pub(crate) struct Tract {
    model: Arc<TypedRunnableModel>,
    image: TValue,
}

impl Tract {
    /// Loads a model for an image, channels first.
    pub(crate) fn load(onnx: &[u8], image: &[f32]) -> anyhow::Result<Self> {
        let model = tract_onnx::onnx().model_for_read(&mut Cursor::new(onnx));
        let model = model.and_then(|model| model.into_optimized()?.into_runnable());
        let side = (image.len() / 3).isqrt();
        let image = Tensor::from_shape(&[1, 3, side, side], image)?.into();
        Ok(Self { model: model?, image })
    }

    /// The probability of each class.
    pub(crate) fn classify(&self) -> anyhow::Result<Vec<f32>> {
        let outputs = self.model.run(tvec!(self.image.clone()))?;
        Ok(outputs[0].to_plain_array_view::<f32>()?.iter().copied().collect())
    }
}
