//! The Lambda service on this machine: function processes, their Runtime API, and queue polling.
