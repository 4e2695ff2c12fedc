# What the rules beside this file allow. This is the one to change.
package settings

import rego.v1

# In USD, on estimates: what one plan may cost, and what one model of it may. Small, as the example is.
max_per_plan := 0.4

max_per_model := 0.2

# Base models, as the plan names them: dated snapshots, not aliases.
base_models := {
	"gpt-4.1-mini-2025-04-14",
	"gpt-4.1-nano-2025-04-14",
}

# For each residency that a dataset may be labelled with, the hosts to which its rows may be sent. A provider that
# ftplan runs itself, in its own process, is allowed for all of them.
hosts := {
	"eu": {"eu.api.openai.com"},
	"us": {"us.api.openai.com"},
	"any": {"api.openai.com", "eu.api.openai.com", "us.api.openai.com"},
}
