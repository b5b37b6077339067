#!/bin/bash
# Slurm: sbatch integrations/many_machines/slurm.sh SOURCE TARGET [OPTIONS of restora restore]
# Repeated, it goes on from the manifest. restora is installed for all nodes, in an environment that is active here.
#SBATCH --job-name=restora
#SBATCH --nodes=25
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=48
#SBATCH --gpus-per-node=4
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --exclusive
set -euo pipefail
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')  # this job's alone
export RAY_AUTH_TOKEN RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0 RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=300
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
began=$(mktemp -u)
# Starts Ray on every node, runs the command on the first one, and stops Ray when it is done: every Ray of yours on these nodes.
srun --nodes="$SLURM_JOB_NUM_NODES" --cpus-per-task="$SLURM_CPUS_PER_TASK" \
    ray symmetric-run --address "$head:6379" --min-nodes "$SLURM_JOB_NUM_NODES" --num-cpus "$SLURM_CPUS_PER_TASK" \
    --num-gpus "${SLURM_GPUS_ON_NODE:-0}" -- \
    sh -c 'touch "$0" && exec "$@"' "$began" \
    restora restore "$1" -o "$2" --recursive --on ray --address "$head:6379" "${@:3}"
rm "$began" || { echo "Ray did not start; submit this again" >&2; exit 1; }  # of which Ray itself makes a success
