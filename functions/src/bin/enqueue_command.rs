//! The function `enqueue_command`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::commands::enqueue::main()
}
