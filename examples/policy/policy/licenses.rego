# Every dataset that a model reads says under which license its rows may be used.
package main

import rego.v1

deny contains msg if {
	some dataset in declared_datasets
	not dataset.labels.license
	msg := sprintf("license: %s has no label `license`", [dataset.address])
}

# Each dataset that a declared model reads, with its labels, by its address. Rows that are at the provider already, or
# are sent under another name, are among them.
declared_datasets[resource.address] := dataset if {
	some resource in input.configuration.root_module.resources
	resource.type == "dataset"
	said := object.get(resource.expressions, ["labels", "constant_value"], {})
	dataset := {"address": resource.address, "labels": said}
}
