//! Draws a day, function by function.

use std::{
    convert::Infallible,
    io::{self, Write},
};

use anyhow::Result;

use super::{Shape, names, population, population::Function};
use crate::{
    random::Random,
    trace::{Day, N_MINUTES, Writer},
};

/// Every how many applications somebody else owns one. Chosen.
const APPS_PER_OWNER: usize = 3;

/// A generated day: the same for the same shape.
#[derive(Debug)]
pub struct Generator {
    functions: Vec<Function>,
    seed: u64,
}

impl Generator {
    /// Draws who is there.
    ///
    /// # Errors
    /// If there is no day of this shape.
    pub fn new(shape: &Shape) -> Result<Generator> {
        shape.check()?;
        Ok(Generator { functions: population::draw(shape)?, seed: shape.seed })
    }

    /// Writes the day as a day file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write<W: Write>(&self, output: W) -> io::Result<W> {
        let mut writer = Writer::new(output)?;
        let mut random = Random::new(self.seed, 1);
        let (mut owner, mut app, mut n_apps) = (String::new(), String::new(), 0);
        self.each(|function, counts| {
            if function.app == n_apps {
                if n_apps.is_multiple_of(APPS_PER_OWNER) {
                    owner = names::hash(&mut random);
                }
                app = names::hash(&mut random);
                n_apps += 1;
            }
            let name = names::hash(&mut random);
            writer.row([&owner, &app, &name, function.trigger.name()], counts)
        })?;
        writer.finish()
    }

    /// The day in memory.
    #[must_use]
    pub fn day(&self) -> Day {
        let mut day = Day::default();
        let Ok(()) = self.each(|_, counts| -> Result<(), Infallible> {
            day.push(counts);
            Ok(())
        });
        day
    }

    fn each<E>(
        &self,
        mut visit: impl FnMut(&Function, &[u32; N_MINUTES]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut random = Random::new(self.seed, 2);
        let mut counts = [0; N_MINUTES];
        self.functions.iter().try_for_each(|function| {
            function.pattern.sample(function.per_day, &mut random, &mut counts);
            visit(function, &counts)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, path::Path};

    use super::*;
    use crate::trace::Reader;

    const SHAPE: Shape = Shape { functions: 300, rate: 60.0, seed: 3 };

    #[test]
    fn the_file_of_a_day_is_the_day_in_memory() {
        let generator = Generator::new(&SHAPE).unwrap();
        let text = generator.write(Vec::new()).unwrap();
        let mut reader = Reader::new(text.as_slice(), Path::new("d01.csv")).unwrap();
        let (mut day, mut functions, mut triggers) =
            (Day::default(), HashSet::new(), HashSet::new());
        while let Some(row) = reader.next_row().unwrap() {
            day.push(row.counts);
            triggers.insert(row.trigger.to_owned());
            let names = [row.owner, row.app, row.function];
            assert!(names.iter().all(|name| name.len() == 64), "{names:?}");
            assert!(functions.insert(row.function.to_owned()), "{names:?}");
        }
        assert_eq!(day, generator.day());
        assert_eq!((day.len(), triggers.len()), (300, 7));
    }

    #[test]
    fn a_seed_means_one_day() {
        let day = |seed| Generator::new(&Shape { seed, ..SHAPE }).unwrap().day();
        assert_eq!(day(3), day(3));
        assert_ne!(day(3), day(4));
    }

    #[test]
    fn a_day_has_about_as_many_invocations_as_asked_for() {
        let day = Generator::new(&SHAPE).unwrap().day();
        let rate = (0..day.len()).map(|one| day.total(one)).sum::<u64>() as f64 / 86_400.0;
        assert!((58.0..62.0).contains(&rate), "{rate}");
    }

    #[test]
    fn there_is_no_day_without_functions_or_invocations() {
        let complaint = |shape| Generator::new(&shape).unwrap_err().to_string();
        insta::assert_snapshot!(complaint(Shape { functions: 0, ..SHAPE }), @r"
        a day needs a function
        (hint: `functions` is to be 1 or more)
        ");
        insta::assert_snapshot!(complaint(Shape { rate: f64::NAN, ..SHAPE }), @r"
        no day has a rate of NaN invocations per second
        (hint: the published days have 10,000)
        ");
    }
}
