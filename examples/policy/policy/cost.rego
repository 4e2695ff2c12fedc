# A ceiling for what is spent. An estimate counts with the highest it can be; a price that nobody knows is no price.
package main

import rego.v1

deny contains msg if {
	is_number(input.cost_estimate.high)
	input.cost_estimate.high > data.settings.max_per_plan
	msg := sprintf("cost: the plan may cost %v USD, and %v are allowed", [input.cost_estimate.high, data.settings.max_per_plan])
}

deny contains msg if {
	some address, estimate in input.cost_estimate.by_address
	is_number(estimate.high)
	estimate.high > data.settings.max_per_model
	msg := sprintf("cost: %s may cost %v USD, and %v are allowed for one model", [address, estimate.high, data.settings.max_per_model])
}

deny contains msg if {
	some address, estimate in input.cost_estimate.by_address
	estimate.high == null
	msg := sprintf("cost: nobody knows the price of %s", [address])
}

warn contains msg if {
	some address, estimate in input.cost_estimate.by_address
	not estimate.exact_epochs
	msg := sprintf("cost: %s leaves the number of epochs to its provider, so its cost is a range", [address])
}
