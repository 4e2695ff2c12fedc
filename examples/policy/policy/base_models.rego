# Which models may be trained on.
package main

import rego.v1

deny contains msg if {
	some change in input.resource_changes
	change.type == "model"
	"create" in change.change.actions
	base := base_of(change.change.after.base_model)
	not base in data.settings.base_models
	msg := sprintf("base model: %s is trained on %s, which is not on the list", [change.address, base])
}

# A model that is fine-tuned already names its own base. One of this project (model.NAME) was or is asked by itself.
base_of(id) := split(id, ":")[1] if startswith(id, "ft:")

base_of(id) := id if {
	not startswith(id, "ft:")
	not startswith(id, "model.")
}
