//! The tables of TensorFlow Lite's schema that hold a network, checked before any is read.
//!
//! The numbers are those of `tensorflow/lite/schema/schema.fbs`, version 3.

use flatbuffers::{
    Follow, ForwardsUOffset, InvalidFlatbuffer, Table, Vector, Verifiable, Verifier,
    VerifierOptions,
};

/// A vector of offsets to tables.
type Tables<'a, T> = ForwardsUOffset<Vector<'a, ForwardsUOffset<T>>>;
type Numbers<'a, T> = ForwardsUOffset<Vector<'a, T>>;

/// Defines tables by their fields: number in the schema, type, and what an absent one means.
macro_rules! tables {
    ($($(#[$meta:meta])* $table:ident { $($field:ident: $number:literal $type:ty $(= $default:expr)?;)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy)]
            pub(super) struct $table<'a>(Table<'a>);

            impl<'a> Follow<'a> for $table<'a> {
                type Inner = Self;

                unsafe fn follow(bytes: &'a [u8], at: usize) -> Self {
                    // SAFETY: as the caller promises.
                    Self(unsafe { Table::new(bytes, at) })
                }
            }

            impl<'a> Verifiable for $table<'a> {
                fn run_verifier(verifier: &mut Verifier<'_, '_>, at: usize) -> Result<(), InvalidFlatbuffer> {
                    let table = verifier.visit_table(at)?;
                    $(let table = table.visit_field::<$type>(stringify!($field), 4 + 2 * $number, false)?;)*
                    table.finish();
                    Ok(())
                }
            }

            impl<'a> $table<'a> {
                $(tables!(@accessor $field $number $type $(= $default)?);)*
            }
        )*
    };
    (@accessor $field:ident $number:literal $type:ty = $default:expr) => {
        pub(super) fn $field(&self) -> $type {
            // SAFETY: the field was verified to be of this type.
            unsafe { self.0.get::<$type>(4 + 2 * $number, Some($default)) }.unwrap_or($default)
        }
    };
    (@accessor $field:ident $number:literal $type:ty) => {
        pub(super) fn $field(&self) -> Option<<$type as Follow<'a>>::Inner> {
            // SAFETY: the field was verified to be of this type.
            unsafe { self.0.get::<$type>(4 + 2 * $number, None) }
        }
    };
}

tables! {
    Model {
        version: 0 u32 = 0;
        operator_codes: 1 Tables<'a, OperatorCode<'a>>;
        graphs: 2 Tables<'a, Graph<'a>>;
        buffers: 4 Tables<'a, Buffer<'a>>;
    }
    /// Its code is in the first field in an old file, in both in a newer one.
    OperatorCode {
        old_code: 0 i8 = 0;
        code: 3 i32 = 0;
    }
    Graph {
        tensors: 0 Tables<'a, Tensor<'a>>;
        inputs: 1 Numbers<'a, i32>;
        operators: 3 Tables<'a, Operator<'a>>;
    }
    Tensor {
        shape: 0 Numbers<'a, i32>;
        number_type: 1 i8 = 0;
        buffer: 2 u32 = 0;
    }
    Buffer {
        bytes: 0 Numbers<'a, u8>;
    }
    Operator {
        code_index: 0 u32 = 0;
        inputs: 1 Numbers<'a, i32>;
        outputs: 2 Numbers<'a, i32>;
        options_type: 3 u8 = 0;
        options: 4 ForwardsUOffset<Options<'a>>;
    }
    /// What they are depends on the operator: `as_conv` and `as_depthwise`.
    Options {}
    ConvOptions {
        padding: 0 i8 = 0;
        stride_w: 1 i32 = 0;
        stride_h: 2 i32 = 0;
        activation: 3 i8 = 0;
        dilation_w: 4 i32 = 1;
        dilation_h: 5 i32 = 1;
    }
    DepthwiseOptions {
        padding: 0 i8 = 0;
        stride_w: 1 i32 = 0;
        stride_h: 2 i32 = 0;
        multiplier: 3 i32 = 0;
        activation: 4 i8 = 0;
        dilation_w: 5 i32 = 1;
        dilation_h: 6 i32 = 1;
    }
}

impl<'a> Options<'a> {
    /// The options of a `CONV_2D`.
    pub(super) fn as_conv(self) -> Result<ConvOptions<'a>, InvalidFlatbuffer> {
        self.verify::<ConvOptions<'_>>()?;
        Ok(ConvOptions(self.0))
    }

    /// The options of a `DEPTHWISE_CONV_2D`.
    pub(super) fn as_depthwise(self) -> Result<DepthwiseOptions<'a>, InvalidFlatbuffer> {
        self.verify::<DepthwiseOptions<'_>>()?;
        Ok(DepthwiseOptions(self.0))
    }

    fn verify<T: Verifiable>(&self) -> Result<(), InvalidFlatbuffer> {
        let options = VerifierOptions::default();
        T::run_verifier(&mut Verifier::new(&options, self.0.buf()), self.0.loc())
    }
}
