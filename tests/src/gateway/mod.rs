//! The front that turns HTTP requests into Lambda events, as API Gateway does.
