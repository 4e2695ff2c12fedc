# What is no plan is no plan to let through: `ftplan show -json PLANFILE` is meant, not the stream of `plan -json`.
package main

import rego.v1

deny contains "document: this is not what `ftplan show -json PLANFILE` prints" if not is_plan

is_plan if {
	input.resource_changes
	input.configuration.provider_config
	input.cost_estimate.by_address
}
