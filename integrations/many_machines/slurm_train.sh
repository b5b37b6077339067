#!/bin/bash
# Slurm: sbatch --nodes=4 --gpus-per-node=8 slurm_train.sh RECIPE --run FOLDER [OPTIONS of restora train]
# One torchrun on each node, with a process for each GPU that the node has for the job, or one. The folder of the run, and data
# that are no URL, lie on a disk that all nodes share. restora is installed for all nodes, in an environment that is active here.
# Requeued, by itself when its time is over, it goes on from the last checkpoint.
#SBATCH --job-name=restora-train
#SBATCH --ntasks-per-node=1
#SBATCH --time=24:00:00
#SBATCH --requeue --open-mode=append --signal=B:USR1@120
set -euo pipefail
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
trap 'scontrol requeue "$SLURM_JOB_ID"' USR1
srun ${SLURM_CPUS_PER_TASK:+"--cpus-per-task=$SLURM_CPUS_PER_TASK"} \
    torchrun --nnodes "$SLURM_JOB_NUM_NODES" --nproc_per_node "${SLURM_GPUS_ON_NODE:-1}" --max-restarts 10 \
    --rdzv_backend c10d --rdzv_endpoint "$head:29500" --rdzv_id "$SLURM_JOB_ID" -m -- restora train "$@" --resume &
wait $! || wait $!  # the first one ends when the time is over
