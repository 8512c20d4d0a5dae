//! What a client posts to a worker or function: a call, a poll or a flush.

use serde::{Deserialize, Serialize};

use super::{CallId, ColdStartInterval, Function, MAX_INDEX, payload};

/// A posted request, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Invoke a function.
    Call(Invocation),
    /// Report how a call is doing.
    Status(CallId),
    /// Forget local values and programs.
    Flush,
}

/// A call that has not been given an id yet, unless its chaining parent did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The module.
    pub function: Function,
    /// Which function of the module.
    pub index: u32,
    /// What the guest reads as its input.
    pub input: Vec<u8>,
    /// Answer with the call's id at once instead of with its output.
    pub is_async: bool,
    /// The id under which the chaining parent awaits the call.
    pub id: Option<CallId>,
    /// Source of everything random in the call.
    pub seed: u64,
    /// How often such a call starts cold, beyond what cannot be helped.
    pub cold_start_interval: Option<ColdStartInterval>,
}

/// The JSON form: one flat object, as in the original's protocol.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wire {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    index: u32,
    #[serde(with = "payload")]
    input_data: Vec<u8>,
    #[serde(rename = "async")]
    is_async: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<CallId>,
    seed: u64,
    /// A number in a string, as the original's clients send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cold_start_interval: Option<String>,
    status: bool,
    flush: bool,
}

impl Request {
    /// Parses a request body.
    ///
    /// # Errors
    /// A text for the client that says what is wrong with its request.
    pub fn from_json(body: &[u8]) -> Result<Self, String> {
        let wire: Wire =
            serde_json::from_slice(body).map_err(|error| format!("not a request: {error}"))?;
        match wire {
            Wire { flush: true, .. } => Ok(Self::Flush),
            Wire { status: true, id: Some(id), .. } => Ok(Self::Status(id)),
            Wire { status: true, id: None, .. } => Err("a status request needs an `id`".into()),
            call => call.into_invocation().map(Self::Call),
        }
    }

    /// The JSON form that [`Request::from_json`] reads.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let wire = match self {
            Self::Flush => Wire { flush: true, ..Wire::default() },
            Self::Status(id) => Wire { status: true, id: Some(*id), ..Wire::default() },
            Self::Call(call) => Wire {
                user: Some(call.function.user.clone()),
                function: Some(call.function.name.clone()),
                index: call.index,
                input_data: call.input.clone(),
                is_async: call.is_async,
                id: call.id,
                seed: call.seed,
                cold_start_interval: call.cold_start_interval.map(|interval| interval.to_string()),
                ..Wire::default()
            },
        };
        serde_json::to_vec(&wire).expect("a flat object of strings and numbers is always JSON")
    }
}

impl Wire {
    fn into_invocation(self) -> Result<Invocation, String> {
        let user = self.user.ok_or("a call needs a `user`")?;
        let name = self.function.ok_or("a call needs a `function`")?;
        if self.index > MAX_INDEX {
            return Err(format!("`index` is {}, but a module has 0 to {MAX_INDEX}", self.index));
        }
        Ok(Invocation {
            function: Function::new(&user, &name).map_err(|error| error.to_string())?,
            index: self.index,
            input: self.input_data,
            is_async: self.is_async,
            id: self.id,
            seed: self.seed,
            cold_start_interval: self.cold_start_interval.as_deref().map(str::parse).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(body: &str) -> String {
        Request::from_json(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_call_needs_only_user_and_function() {
        let request = Request::from_json(br#"{"user":"sgd","function":"reuters_svm"}"#).unwrap();
        let expected = Invocation {
            function: "sgd/reuters_svm".parse().unwrap(),
            index: 0,
            input: Vec::new(),
            is_async: false,
            id: None,
            seed: 0,
            cold_start_interval: None,
        };
        assert_eq!(request, Request::Call(expected));
    }

    #[test]
    fn every_request_survives_the_wire() {
        let call = Invocation {
            function: "u/f".parse().unwrap(),
            index: 1,
            input: vec![1, 0, 0, 255],
            is_async: true,
            id: Some(9),
            seed: 7,
            cold_start_interval: ColdStartInterval::new(500),
        };
        for request in [Request::Call(call), Request::Status(12), Request::Flush] {
            assert_eq!(Request::from_json(&request.to_json()).unwrap(), request);
        }
    }

    #[test]
    fn a_wrong_request_says_what_is_wrong() {
        assert_eq!(error(r#"{"user":"a"}"#), "a call needs a `function`");
        assert_eq!(error(r#"{"status":true}"#), "a status request needs an `id`");
        assert!(error(r#"{"usr":"a"}"#).starts_with("not a request: unknown field `usr`"));
        assert_eq!(
            error(r#"{"user":"a","function":"f","cold_start_interval":"0"}"#),
            "`cold_start_interval` is `0`, and should be a number of calls, 1 or more"
        );
        assert!(error("{").starts_with("not a request: EOF"));
        assert_eq!(
            error(r#"{"user":"a","function":"f","index":10}"#),
            "`index` is 10, but a module has 0 to 9"
        );
    }
}
