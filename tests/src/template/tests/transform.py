"""Which routes of a template stream once SAM has transformed it.

Arguments: a template, then every route that must stream, as "GET /films/{id}". Every other route must be buffered.
SAM makes a buffered integration of a mode that it does not know and says nothing, so only its output tells.
"""

import sys
from pathlib import Path

from samcli.yamlhelper import yaml_parse
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

METHODS = {"delete", "get", "head", "options", "patch", "post", "put", "x-amazon-apigateway-any-method"}


class NoManagedPolicies:
    """The templates name no managed policy, so none is looked up in an account."""

    def load(self) -> dict[str, str]:
        return {}


def transformed(path: Path) -> dict:
    template = yaml_parse(path.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # `sam package` puts the address of the uploaded code here.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    parameters = {name: parameter.get("Default", "") for name, parameter in template.get("Parameters", {}).items()}
    return transform(template, parameters, NoManagedPolicies())


def integrations(template: dict) -> dict[str, dict]:
    found = {}
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::ApiGateway::RestApi":
            continue
        for path, methods in resource["Properties"]["Body"]["paths"].items():
            for method in METHODS & methods.keys():
                found[f"{method.upper()} {path}"] = methods[method]["x-amazon-apigateway-integration"]
    return found


def problems(integration: dict, must_stream: bool) -> list[str]:
    uri = str(integration["uri"])
    suffix, mode = ("/response-streaming-invocations", "STREAM") if must_stream else ("/invocations", None)
    version = "/2021-11-15/" if must_stream else "/2015-03-31/"
    wrong = []
    if integration.get("responseTransferMode") != mode:
        wrong.append(f"responseTransferMode is {integration.get('responseTransferMode')}, not {mode}")
    if suffix not in uri or version not in uri:
        wrong.append(f"{uri} is not .../{version.strip('/')}/...{suffix}")
    if integration["type"] != "aws_proxy":
        wrong.append(f"type is {integration['type']}")
    return wrong


def main(path: str, *streamed: str) -> int:
    try:
        found = integrations(transformed(Path(path)))
    except InvalidDocumentException as error:
        print(f"{path}: {[cause.message for cause in error.causes]}")
        return 1
    wrong = [f"{route}: is no route" for route in streamed if route not in found]
    for route, integration in sorted(found.items()):
        wrong += [f"{route}: {problem}" for problem in problems(integration, route in streamed)]
        timeout = integration.get("timeoutInMillis", "default")
        print(f"{route}: {integration.get('responseTransferMode', 'buffered')}, timeout {timeout}")
    print("\n".join(wrong) or f"{path}: {len(streamed)} of {len(found)} routes stream")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
