#!/bin/bash
# Fetches the jars of PACKAGES (group:artifact:version, separated by commas) into /jars with Spark's resolver, and checks them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-/jars}
cd "$folder"

if sha256sum --check --status "$here/sums.sha256" 2>/dev/null; then
  echo 'The jars are there.'
  exit
fi
# A file that is broken would be kept: the resolver trusts its own cache.
rm -rf ivy
"$SPARK_HOME/bin/spark-submit" --conf "spark.jars.ivy=$folder/ivy" --packages "$PACKAGES" "$here/nothing.py"
sha256sum --check "$here/sums.sha256"
