"""The station's own tables in node.db: one file per aggregate, SQL beside what it stores."""
