// Makes a client of the pg-boss version that the environment names: PG_BOSS is its package here, DATABASE_URL its database.

export async function makeBoss(options = {}) {
  const module = await import(process.env.PG_BOSS)
  const PgBoss = module.PgBoss ?? module.default // a named export since version 12
  const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, ...options })
  boss.on('error', (error) => console.error(error))
  return boss
}
