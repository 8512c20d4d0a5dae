//! What a peer may claim before we stop believing it. The values are Redis's.

/// Longest string in bytes (`proto-max-bulk-len`).
pub(crate) const MAX_BULK_BYTES: usize = 512 * 1024 * 1024;

/// Most arguments of one request.
pub(crate) const MAX_REQUEST_ARGS: usize = i32::MAX as usize;

/// Most bytes of one request that are held while it is incomplete
/// (`client-query-buffer-limit`).
pub(crate) const MAX_REQUEST_BYTES: usize = 1024 * 1024 * 1024;

/// Longest line: an inline request, or the head of a frame.
pub(crate) const MAX_LINE_BYTES: usize = 64 * 1024;

/// Deepest nesting of a reply.
pub(crate) const MAX_REPLY_DEPTH: usize = 16;
