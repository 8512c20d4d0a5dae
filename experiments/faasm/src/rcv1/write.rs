//! Documents as text, in each of the formats that can be read.

use std::io::{self, Write};

use super::{Document, Documents, Format};

/// Writes one line per document. Weights are written so that reading gives back the same bits.
pub fn write(documents: &Documents, format: Format, output: &mut impl Write) -> io::Result<()> {
    documents.iter().try_for_each(|document| write_line(document, format, output))
}

fn write_line(document: Document<'_>, format: Format, output: &mut impl Write) -> io::Result<()> {
    let (separator, first_feature) = match format {
        Format::Hogwild => ("", 0),
        Format::LibSvm => ("", 1),
        Format::VowpalWabbit => (" |f", 0),
    };
    write!(output, "{}{separator}", document.label)?;
    for (feature, weight) in document.features.iter().zip(document.weights) {
        write!(output, " {}:{weight}", feature + first_feature)?;
    }
    writeln!(output)
}
