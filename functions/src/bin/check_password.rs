//! The function `check_password`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::account::check_password::main()
}
