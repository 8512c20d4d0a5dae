//! A request, and the bytes that it is on the wire.

use anyhow::ensure;

/// What every request of a load says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// From the first `/` on, the query included.
    pub path: String,
    /// The `Host` header; the server's own name unless a gateway routes by it.
    pub host: Option<String>,
    /// Further headers, by name and value.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

/// What we write ourselves, so that the connection's state is what we think.
const OWN_HEADERS: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];

impl Request {
    /// A `GET` of a path.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            host: None,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Whether an answer to it has a body.
    pub(super) fn expects_body(&self) -> bool {
        self.method != "HEAD"
    }

    /// The request on the wire, to the server that is called `authority`.
    ///
    /// # Errors
    /// If a part has characters that would break out of its place, or a header
    /// is one of ours.
    pub fn encode(&self, authority: &str) -> anyhow::Result<Vec<u8>> {
        self.check()?;
        let Self { method, path, host, headers, body } = self;
        let host = host.as_deref().unwrap_or(authority);
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || ["POST", "PUT", "PATCH"].contains(&method.as_str()) {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        Ok([text.as_bytes(), body].concat())
    }

    fn check(&self) -> anyhow::Result<()> {
        let Self { method, path, host, headers, .. } = self;
        ensure!(is_token(method), "`{method}` is no method\n(hint: GET, POST …)");
        ensure!(
            path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()),
            "`{path}` is no path\n(hint: begin with `/`, and write spaces as %20)"
        );
        if let Some(host) = host {
            let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
            ensure!(is_host, "`{host}` is no host");
        }
        for (name, value) in headers {
            ensure!(is_token(name), "`{name}` is no name of a header");
            let is_ours = OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str());
            ensure!(
                !is_ours,
                "header `{name}` is set by the generator\n(hint: --host sets `Host`)"
            );
            let is_value = value.chars().all(|at| at == '\t' || !at.is_control());
            ensure!(is_value, "the value of header `{name}` has a control character");
        }
        Ok(())
    }
}

fn is_token(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(request: &Request) -> String {
        String::from_utf8(request.encode("server:80").unwrap()).unwrap().replace('\r', "\\r")
    }

    #[test]
    fn a_request_is_written_as_the_protocol_has_it() {
        insta::assert_snapshot!(encoded(&Request::get("/a?b=c")), @r"
        GET /a?b=c HTTP/1.1\r
        Host: server:80\r
        \r
        ");
        let post = Request {
            method: "POST".to_owned(),
            host: Some("service".to_owned()),
            headers: vec![("Accept".to_owned(), "text/plain".to_owned())],
            body: b"hello".to_vec(),
            ..Request::get("/")
        };
        insta::assert_snapshot!(encoded(&post), @r"
        POST / HTTP/1.1\r
        Host: service\r
        Accept: text/plain\r
        Content-Length: 5\r
        \r
        hello
        ");
    }

    #[test]
    fn what_would_break_the_request_is_refused() {
        let header = |name: &str, value: &str| Request {
            headers: vec![(name.to_owned(), value.to_owned())],
            ..Request::get("/")
        };
        let wrong = [
            Request { method: "GET /".to_owned(), ..Request::get("/") },
            Request::get("a"),
            Request::get("/a b"),
            Request { host: Some("a\r\nb".to_owned()), ..Request::get("/") },
            header("content-length", "5"),
            header("a b", "c"),
            header("a", "b\r\nc: d"),
        ];
        let errors = wrong.map(|request| {
            let error = request.encode("server:80").unwrap_err().to_string();
            error.replace('\r', "\\r")
        });
        insta::assert_snapshot!(errors.join("\n"), @r"
        `GET /` is no method
        (hint: GET, POST …)
        `a` is no path
        (hint: begin with `/`, and write spaces as %20)
        `/a b` is no path
        (hint: begin with `/`, and write spaces as %20)
        `a\r
        b` is no host
        header `content-length` is set by the generator
        (hint: --host sets `Host`)
        `a b` is no name of a header
        the value of header `a` has a control character
        ");
    }
}
