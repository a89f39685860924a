//! The function `is_authenticated`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::account::is_authenticated::main()
}
