/** Loaded before the built service, so that it tells what it takes. */
import { reportUsage } from '../grpc/usage.ts'

reportUsage()
