//! The services through AWS's own SDK, with the repository's template.
