# Rows stay where their label `residency` keeps them: a model is trained only at hosts that are on the list of every
# dataset it reads. What is asked is the address that is really used, not the one that the YAML may leave out.
package main

import rego.v1

deny contains msg if {
	some reading in readings
	not may_go(reading.residency, reading.provider)
	msg := sprintf(
		"residency: %s sends %s (%s) to the provider %s at %v, which is not on the list",
		[reading.model, reading.dataset, reading.residency, reading.provider.name, object.get(reading.provider, "host", null)],
	)
}

may_go(residency, provider) if provider.host in data.settings.hosts[residency]

# Without an address, it is ftplan's own emulator.
may_go(residency, provider) if {
	data.settings.hosts[residency]
	provider.type == "sandbox"
	provider.base_url == null
}

# Each labelled dataset that a training reads, with the provider that gets to see it.
readings contains reading if {
	some change in input.resource_changes
	change.type == "model"
	"create" in change.change.actions
	some key in ["dataset", "validation"]
	address := sprintf("dataset.%s", [change.change.after[key]])
	reading := {
		"model": change.address,
		"dataset": address,
		"residency": declared_datasets[address].labels.residency,
		"provider": input.configuration.provider_config[change.provider_name],
	}
}
