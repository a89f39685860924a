//! The function `get_command`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::commands::get::main()
}
