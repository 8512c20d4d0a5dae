//! Running one function of a guest on this thread.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{current, echo, mat_mul, mobilenet, noop, reuters_svm, trap};
use crate::{host::Context, message::Outcome};

/// A function of a guest: main or a chained one.
pub(in crate::native) type Entry = fn() -> i32;

/// The functions of a guest by index; none if there is no guest of that name.
pub(in crate::native) fn find(name: &str) -> Option<&'static [Entry]> {
    match name {
        "echo" => Some(&[echo::main, echo::chained]),
        "mat_mul" => Some(&[mat_mul::multiply, mat_mul::multiply_part]),
        "mobilenet" => Some(&[mobilenet::classify]),
        "noop" => Some(&[noop::main]),
        "reuters_svm" => Some(&[reuters_svm::train, reuters_svm::step]),
        "trap" => Some(&[trap::main]),
        _ => None,
    }
}

/// Runs `entry` for the call of `context`. A panic in it, or an error in a
/// host function, fails this call only.
pub(in crate::native) fn run(entry: Entry, context: Context) -> Outcome {
    current::enter(context);
    // Unwinding leaves nothing half-done but the call's own context, which ends here.
    let returned = catch_unwind(AssertUnwindSafe(entry));
    let context = current::leave();
    match returned {
        Ok(return_value) => Outcome::of(return_value, context.into_output()),
        Err(panic) => Outcome::failed(reason(&*panic)),
    }
}

fn reason(panic: &(dyn Any + Send)) -> String {
    if let Some(current::Failure(error)) = panic.downcast_ref() {
        return format!("host function failed: {error:#}");
    }
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("guest panicked: {}", text.as_deref().unwrap_or("no message"))
}
