"""Prints a SAM template as CloudFormation gets it, in JSON. Runs in .venv-aws, and asks AWS nothing.

python transform_template.py template.yaml [Parameter=Value...]
"""

import json
import os
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

path, *given = sys.argv[1:]
with open(path) as file:
    template = yaml_parse(file.read())
if "Globals" in template:
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/package"  # as `sam deploy` does
parameters = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
parameters.update(dict(each.split("=", 1) for each in given))
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"  # SAM reads it, for the partition
sys.stdout.write(json.dumps(Translator({}, Parser()).translate(template, parameters)))
