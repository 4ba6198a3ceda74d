#!/usr/bin/env node
import { runWorker } from './worker/worker.ts';

if (process.argv[2] === 'measure-worker') await runWorker();
