"""The SOC's side of Vigia: what follow, compact, verify and fleet share."""
