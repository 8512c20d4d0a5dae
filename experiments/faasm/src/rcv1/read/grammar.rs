//! What a line of each format may hold.

use super::{
    cursor::{Cursor, Word},
    error::Unexpected,
    format::Format,
    line::Line,
};

/// Reads one line; false if it has no document because it is blank or a comment.
pub(super) fn read_line(format: Format, text: &[u8], line: &mut Line) -> Result<bool, Unexpected> {
    let text = match format {
        Format::LibSvm => text.split(|byte| *byte == b'#').next().unwrap_or_default(),
        Format::Hogwild | Format::VowpalWabbit => text,
    };
    let mut words = Cursor::new(text);
    if words.peek().is_empty() {
        return Ok(false);
    }
    match format {
        Format::Hogwild => read_pairs(&mut words, line, 0)?,
        Format::LibSvm => read_pairs(&mut words, line, 1)?,
        Format::VowpalWabbit => read_vowpal_wabbit(&mut words, line)?,
    }
    Ok(true)
}

/// `LABEL FEATURE:WEIGHT …`, features from `first`.
fn read_pairs(words: &mut Cursor<'_>, line: &mut Line, first: u32) -> Result<(), Unexpected> {
    line.begin(words.next())?;
    while !words.peek().is_empty() {
        let word = words.next();
        let Some((feature, weight)) = word.split_at_first(b':') else {
            return Err(word.unexpected("FEATURE:WEIGHT"));
        };
        line.add(feature, first, number(weight)?)?;
    }
    Ok(())
}

/// `LABEL [IMPORTANCE] ['TAG]|NAMESPACE[:SCALE] FEATURE[:WEIGHT] … |NAMESPACE …`. Importance, tag and the names of
/// namespaces are read over: the training has no use for them.
fn read_vowpal_wabbit(words: &mut Cursor<'_>, line: &mut Line) -> Result<(), Unexpected> {
    line.begin(words.next())?;
    let mut scale = read_preamble(words)?;
    while !words.peek().is_empty() {
        let word = words.next();
        if word.bytes[0] == b'|' {
            scale = namespace_scale(word.skip(1))?;
            continue;
        }
        match word.split_at_first(b':') {
            Some((feature, weight)) => line.add(feature, 0, number(weight)? * scale)?,
            None => line.add(word, 0, scale)?,
        }
    }
    Ok(())
}

/// Reads up to the first namespace and returns its scale.
fn read_preamble(words: &mut Cursor<'_>) -> Result<f64, Unexpected> {
    loop {
        let word = words.next();
        if let Some((_, namespace)) = word.split_at_first(b'|') {
            return namespace_scale(namespace);
        }
        let is_tag = word.bytes.first() == Some(&b'\'');
        if !is_tag && word.number().is_none() {
            return Err(word.unexpected("an importance, a 'tag or a |namespace"));
        }
    }
}

fn namespace_scale(namespace: Word<'_>) -> Result<f64, Unexpected> {
    namespace.split_at_first(b':').map_or(Ok(1.0), |(_, scale)| number(scale))
}

fn number(word: Word<'_>) -> Result<f64, Unexpected> {
    word.number().ok_or_else(|| word.unexpected("a finite number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rcv1::{Document, Documents};

    fn read(format: Format, text: &str) -> Result<Documents, Unexpected> {
        let mut line = Line::new(10);
        let mut documents = Documents::new(10);
        if read_line(format, text.as_bytes(), &mut line)? {
            line.finish(&mut documents);
        }
        Ok(documents)
    }

    fn check(format: Format, text: &str, expected: Document<'_>) {
        let documents = read(format, text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        assert_eq!(documents.iter().collect::<Vec<_>>(), [expected], "{text:?}");
    }

    fn check_error(format: Format, text: &str, column: usize, expected: &str, found: &str) {
        let error = read(format, text).expect_err(text);
        let (expected, found) = (expected.to_owned(), found.to_owned());
        assert_eq!(error, Unexpected { column, expected, found }, "{text:?}");
    }

    #[test]
    fn hogwild_counts_from_zero() {
        let expected = Document { label: 1.0, features: &[0, 9], weights: &[0.5, 0.25] };
        check(Format::Hogwild, "1 0:0.5 9:2.5e-1", expected);
        check(Format::Hogwild, "+1  0:.5   9:0.25 \r", expected);
        check(Format::Hogwild, "1.0 9:0.25 0:0.5", expected);
    }

    #[test]
    fn libsvm_counts_from_one_and_has_comments() {
        let expected = Document { label: -1.0, features: &[0, 9], weights: &[0.5, 0.25] };
        check(Format::LibSvm, "-1 1:0.5 10:0.25", expected);
        check(Format::LibSvm, "0 1:0.5 10:0.25 # doc 2286", expected);
    }

    #[test]
    fn vowpal_wabbit_may_have_importance_tag_scale_and_bare_features() {
        let expected = Document { label: -1.0, features: &[0, 9], weights: &[0.5, 1.0] };
        check(Format::VowpalWabbit, "-1 |f 0:0.5 9:1", expected);
        check(Format::VowpalWabbit, "-1 2.0 'doc7| 0:0.5 9", expected);
        check(Format::VowpalWabbit, "-1 1 tag|f:0.5 0 |g 9", expected);
    }

    #[test]
    fn blank_lines_and_comments_have_no_document() {
        for (format, text) in
            [(Format::Hogwild, " \r"), (Format::LibSvm, "# x"), (Format::VowpalWabbit, "")]
        {
            assert!(read(format, text).unwrap().is_empty(), "{text:?}");
        }
    }

    #[test]
    fn a_document_may_have_no_features() {
        let expected = Document { label: 1.0, features: &[], weights: &[] };
        check(Format::Hogwild, "1", expected);
        check(Format::VowpalWabbit, "1 |f", expected);
    }

    #[test]
    fn malformed_pairs_are_refused_where_they_are() {
        let check = |text, column, expected, found| {
            check_error(Format::Hogwild, text, column, expected, found);
        };
        check("2 0:1", 1, "a label: 1, -1, or 0 for -1", "`2`");
        check("x", 1, "a label: 1, -1, or 0 for -1", "`x`");
        check("1 0:1 7", 7, "FEATURE:WEIGHT", "`7`");
        check("1 0:1 a:1", 7, "a feature from 0 to 9", "`a`");
        check("1 10:1", 3, "a feature from 0 to 9", "`10`");
        check("1 -1:1", 3, "a feature from 0 to 9", "`-1`");
        check("1 0:", 5, "a finite number", "nothing");
        check("1 0:nan", 5, "a finite number", "`nan`");
        check("1 0:1:2", 5, "a finite number", "`1:2`");
        check("1 5:1 3:1 4:1 5:1", 15, "a feature that the document does not have yet", "`5`");
    }

    #[test]
    fn libsvm_has_no_feature_zero_and_no_queries() {
        check_error(Format::LibSvm, "1 0:1", 3, "a feature from 1 to 10", "`0`");
        check_error(Format::LibSvm, "1 qid:3 1:1", 3, "a feature from 1 to 10", "`qid`");
    }

    #[test]
    fn vowpal_wabbit_needs_a_label_a_bar_and_numbered_features() {
        let check = |text, column, expected, found| {
            check_error(Format::VowpalWabbit, text, column, expected, found);
        };
        check("|f 1:1", 1, "a label: 1, -1, or 0 for -1", "`|f`");
        check("1 0:1", 3, "an importance, a 'tag or a |namespace", "`0:1`");
        check("1", 2, "an importance, a 'tag or a |namespace", "nothing");
        check("1 |f word:1", 6, "a feature from 0 to 9", "`word`");
        check("1 |f:x 1", 6, "a finite number", "`x`");
    }
}
